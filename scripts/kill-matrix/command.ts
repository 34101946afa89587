import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export const LAUNCHER = join(import.meta.dirname, '../../apps/cli/bin/holdfast.js');
const LIMIT_MS = 180_000;

export interface CommandEnd {
  readonly code: number | null;
  readonly result: Readonly<Record<string, unknown>>;
  readonly stderr: string;
}

/** A step that a command has told of, and when, in milliseconds after its start. */
export interface Step {
  readonly name: string;
  readonly atMs: number;
}

/** A command of the program under test while it runs. */
export interface RunningCommand {
  readonly pid: number;
  readonly steps: readonly Step[];
  readonly ended: Promise<CommandEnd>;
  /** Resolves when it has told of this step, or has ended. */
  reaches(step: string): Promise<void>;
}

/** Starts a command; one that hangs is killed after three minutes, and its end has the code null. */
export function startCommand(
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): RunningCommand {
  const begun = performance.now();
  const child = spawn(process.execPath, [LAUNCHER, ...args, '--json', '--no-env-file'], {
    env: { PATH: '/usr/bin:/bin', ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  const steps: Step[] = [];
  const waiting = new Set<() => void>();
  let over = false;
  const wake = (): void => {
    for (const each of waiting) each();
  };
  const stderr = readLines(child, line => {
    steps.push({ name: stepName(line), atMs: performance.now() - begun });
    wake();
  });
  const ended = endOf(child, stderr).finally(() => {
    over = true;
    wake();
  });
  return {
    pid: child.pid ?? 0,
    steps,
    ended,
    reaches: async step => {
      while (!over && !steps.some(({ name }) => name === step)) {
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.add(resolve);
        await promise;
        waiting.delete(resolve);
      }
    },
  };
}

/** Without what is another each time, such as process ids. */
function stepName(line: string): string {
  return line.replaceAll(/\d+/g, 'N').trim();
}

function readLines(child: ChildProcess, onLine: (line: string) => void): () => string {
  let [text, rest] = ['', ''];
  child.stderr?.on('data', chunk => {
    text += String(chunk);
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    lines.forEach(onLine);
  });
  return () => text;
}

async function endOf(child: ChildProcess, stderr: () => string): Promise<CommandEnd> {
  let stdout = '';
  child.stdout?.on('data', chunk => {
    stdout += String(chunk);
  });
  // not close: what a killed command has started may hold its output open
  const [code] = (await once(child, 'exit')) as [number | null];
  await new Promise(resolve => setImmediate(resolve));
  return { code, result: parse(stdout), stderr: stderr() };
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
