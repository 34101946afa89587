import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

const LAUNCHER = join(import.meta.dirname, '../../apps/cli/bin/holdfast.js');
const VARIABLES = { PATH: '/usr/bin:/bin', HOLDFAST_LOG_LEVEL: 'warn' };
const READY_MS = 180_000;
const COMMAND_MS = 20 * 60_000;
const MAX_OUTPUT = 64 * 1_024 * 1_024;

/** `holdfast start` on a state directory of its own. */
export interface HoldfastSystem {
  readonly url: string;
  /** Runs a command on it and answers its JSON. Throws when it fails. */
  run(...args: string[]): Promise<Readonly<Record<string, unknown>>>;
  /** Resolves when the API says that it is ready. */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

export async function startHoldfast(home: string): Promise<HoldfastSystem> {
  const keeper = spawnKeeper(home);
  const url = await urlOf(keeper);
  return {
    url,
    run: (...args) => runCommand(args, home),
    ready: () => isReady(url),
    stop: () => stop(keeper, home),
  };
}

function spawnKeeper(home: string): ChildProcess {
  const args = ['start', '--json', '--port', '0', '--no-env-file', '--home', home];
  const log = openSync(join(home, 'start.log'), 'a', 0o600);
  // it ends by itself when this process is killed
  const env = { ...VARIABLES, HOLDFAST_LAUNCHER_PID: String(process.pid) };
  const child = spawn(process.execPath, [LAUNCHER, ...args], { env, stdio: ['ignore', 'pipe', log] });
  closeSync(log);
  return child;
}

async function urlOf({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error('the keeper has no stdout');
  const lines = createInterface({ input: stdout });
  const [line] = await once(lines, 'line', { signal: AbortSignal.timeout(READY_MS) });
  const readiness = JSON.parse(String(line)) as { readonly ready?: boolean; readonly url?: string };
  if (readiness.ready !== true || readiness.url === undefined) throw new Error(String(line));
  stdout.resume();
  return readiness.url;
}

function runCommand(args: readonly string[], home: string): Promise<Readonly<Record<string, unknown>>> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [LAUNCHER, ...args, '--home', home, '--json', '--no-env-file'],
      { env: VARIABLES, timeout: COMMAND_MS, maxBuffer: MAX_OUTPUT },
      (error, stdout, stderr) => {
        if (error === null) resolve(JSON.parse(stdout) as Record<string, unknown>);
        else reject(new Error(`holdfast ${args.join(' ')} failed: ${stdout}${stderr}`, { cause: error }));
      },
    );
  });
}

async function isReady(url: string): Promise<void> {
  const signal = AbortSignal.timeout(READY_MS);
  for (;;) {
    const answer = await fetch(`${url}/ready`, { signal }).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok === true) return;
    await delay(100, undefined, { signal });
  }
}

async function stop(keeper: ChildProcess, home: string): Promise<void> {
  await runCommand(['stop'], home).catch(() => undefined);
  if (keeper.exitCode !== null || keeper.signalCode !== null) return;
  const ended = once(keeper, 'exit');
  keeper.kill('SIGTERM');
  await ended;
}
