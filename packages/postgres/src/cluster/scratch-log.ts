import { open, stat } from 'node:fs/promises';

const LOG_LINES = 12;
/** What the server says about recovery (src/backend/access/transam/xlogrecovery.c), and how it is told on. */
const TOLD: readonly (readonly [pattern: RegExp, text: string])[] = [
  [/redo starts at (\S+)/, 'replaying the WAL from $1'],
  [/redo in progress, elapsed time: .*, current LSN: (\S+)/, 'replaying the WAL, now at $1'],
  [/consistent recovery state reached at (\S+)/, 'consistent at $1, replaying on'],
  [/recovery stopping (.*)/, 'recovery stops $1'],
  [/archive recovery complete/, 'recovery is complete'],
];

export interface RecoveryLog {
  /** Tells what was written since the last look. */
  look(): Promise<void>;
  /** All that was written in this run. */
  text(): Promise<string>;
}

/** Follows the log file of a server from its present end. */
export async function followRecovery(path: string, onProgress: (step: string) => void): Promise<RecoveryLog> {
  const begin = await sizeOf(path);
  let seen = begin;
  return {
    text: () => readFrom(path, begin),
    look: async () => {
      if ((await sizeOf(path)) === seen) return;
      const added = await readFrom(path, seen);
      const whole = added.slice(0, added.lastIndexOf('\n') + 1);
      seen += Buffer.byteLength(whole);
      for (const line of whole.split('\n')) tell(line, onProgress);
    },
  };
}

function tell(line: string, onProgress: (step: string) => void): void {
  for (const [pattern, text] of TOLD) {
    const found = pattern.exec(line);
    if (found !== null) onProgress(text.replace('$1', found[1]?.replace(/[,;]$/, '') ?? ''));
  }
}

/** The lines of a log that say why: what is fatal with what belongs to it, else the last ones. */
export function logTail(log: string): string {
  return log.trim().split('\n').slice(-LOG_LINES).join('\n');
}

async function readFrom(path: string, position: number): Promise<string> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return '';
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.max(0, size - position)), {
      position,
    });
    return buffer.subarray(0, bytesRead).toString('utf8');
  } finally {
    await file.close();
  }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
