import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface RunningProcess {
  /** What the process printed as its first line of JSON. */
  readonly ready: Readonly<Record<string, unknown>>;
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** Starts `node` with args and waits for its first line of JSON on stdout: every server here says when it listens. */
export async function startNode({
  args,
  env = {},
  timeoutMs = 60_000,
}: StartOptions): Promise<RunningProcess> {
  const child = spawn(process.execPath, [...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stop = () => stopProcess(child);
  let errors = '';
  child.stderr.on('data', chunk => {
    errors += chunk;
  });
  try {
    const ready = await firstJsonLine(child, timeoutMs);
    child.stdout.resume();
    return { ready, stop };
  } catch (error) {
    await stop();
    throw new Error(`${args.join(' ')} did not start:\n${errors}`, { cause: error });
  }
}

async function firstJsonLine(child: ChildProcess, timeoutMs: number): Promise<Record<string, unknown>> {
  if (!child.stdout) throw new Error('no stdout');
  const lines = createInterface({ input: child.stdout });
  const signal = AbortSignal.timeout(timeoutMs);
  const ended = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`it ended with exit code ${code}`);
  });
  ended.catch(() => {});
  const line = once(lines, 'line', { signal }).then(
    ([text]) => JSON.parse(String(text)) as Record<string, unknown>,
  );
  return await Promise.race([line, ended]);
}

async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const forced = setTimeout(() => child.kill('SIGKILL'), 20_000);
  await ended;
  clearTimeout(forced);
}
