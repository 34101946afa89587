import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The line that `holdfast start --json` prints when it is ready. */
export interface ReadyLine {
  readonly ready: true;
  readonly url: string;
  readonly apiUrl: string;
  readonly databaseUrl: string;
  readonly home: string;
  readonly admin: { readonly email: string; readonly password?: string };
  readonly pids: Readonly<Record<string, number>>;
}

export interface StartedHoldfast {
  readonly ready: ReadyLine;
  /** Ends it with SIGTERM and answers the exit code; the state directory is removed. */
  stop(): Promise<number | null>;
}

const READY_LIMIT_MS = 90_000;
const STOP_LIMIT_MS = 30_000;

/** Runs `<command> start --json --port 0` on an empty state directory and waits until it says that it is ready. */
export async function startHoldfast(command: string): Promise<StartedHoldfast> {
  const home = await mkdtemp(join(tmpdir(), 'hf-'));
  await chmod(home, 0o755);
  const child = spawn(command, ['start', '--json', '--port', '0', '--home', home], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', chunk => {
    errors += chunk;
  });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const stop = async () => {
    child.kill('SIGTERM');
    const forced = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    const code = await exited;
    clearTimeout(forced);
    await rm(home, { recursive: true, force: true });
    return code;
  };
  const signal = AbortSignal.timeout(READY_LIMIT_MS);
  const line = once(createInterface({ input: child.stdout }), 'line', { signal });
  const failed = exited.then(code => Promise.reject(new Error(`it ended with exit code ${code}`)));
  try {
    const [text] = await Promise.race([line, failed]);
    child.stdout.resume();
    return { ready: JSON.parse(String(text)) as ReadyLine, stop };
  } catch (cause) {
    await stop();
    throw new Error(`${command} start did not become ready. Its output:\n${errors}`, { cause });
  } finally {
    failed.catch(() => {});
    line.catch(() => {});
  }
}
