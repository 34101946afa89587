import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import { killQuietly } from './kill-now.ts';

/** The API server of a stack: `holdfast serve` in a process of its own, started and stopped at will. */
export interface StackServer {
  /** The URL of the last one that listened. */
  readonly url: string;
  /** Undefined when it does not run. */
  readonly pid: number | undefined;
  /** Of all that were started and still run: more than one when a start was repeated. */
  readonly pids: readonly number[];
  /** Starts it and waits until it is ready, or only until it listens. */
  start(options?: StackServerStart): Promise<void>;
  /** Starts it and waits until it has ended by itself. */
  startInVain(): Promise<void>;
  /** Stops it in order. */
  stop(): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** Resolves when it answers that it is ready; at once when it does not run. */
  ready(): Promise<void>;
  /** Resolves when the process is gone. */
  gone(): Promise<void>;
  /** Ends all that still run, suspended ones as well, and waits for it. */
  kill(): Promise<void>;
}

export interface StackServerStart {
  /** Default true. */
  readonly ready?: boolean;
  /** Of the process, beside what is always there. */
  readonly environment?: Readonly<Record<string, string>>;
}

const LAUNCHER = join(import.meta.dirname, '..', '..', '..', 'apps', 'cli', 'bin', 'holdfast.js');
const READY = { timeoutMs: 20_000 };

interface Running {
  readonly pid: number;
  readonly exited: Promise<unknown>;
}

export function createStackServer(home: string, envFile: string): StackServer {
  const alive = new Set<Running>();
  let running: Running | undefined;
  let url = '';
  const launch = (environment: StackServerStart['environment'] = {}): Running => {
    const launched = spawnServer(home, envFile, environment);
    running = launched;
    alive.add(launched);
    launched.exited.then(() => {
      alive.delete(launched);
      if (running === launched) running = undefined;
    });
    return launched;
  };
  const server: StackServer = {
    get url() {
      return url;
    },
    get pid() {
      return running?.pid;
    },
    get pids() {
      return [...alive].map(({ pid }) => pid);
    },
    start: async ({ ready = true, environment } = {}) => {
      const { pid } = launch(environment);
      url = await eventually(() => urlOf(home, pid), READY);
      if (ready) await server.ready();
    },
    startInVain: async () => void (await launch().exited),
    stop: async () => {
      if (running === undefined) return;
      server.signal('SIGTERM');
      await server.gone();
    },
    signal: name => {
      if (running === undefined) throw new Error('the server of the stack does not run');
      process.kill(running.pid, name);
    },
    ready: async () => {
      if (running !== undefined) await eventually(() => isReady(url), READY);
    },
    gone: async () => void (await running?.exited),
    kill: async () => {
      const ending = [...alive];
      for (const { pid } of ending) killQuietly(pid, 'SIGKILL');
      await Promise.all(ending.map(({ exited }) => exited));
    },
  };
  return server;
}

/** Output goes straight into the log, as under the keeper. */
function spawnServer(home: string, envFile: string, environment: Readonly<Record<string, string>>): Running {
  const log = openSync(join(home, 'logs', 'server.log'), 'a', 0o600);
  const child = spawn(process.execPath, ['--', LAUNCHER, 'serve', '--home', home, '--env-file', envFile], {
    env: { PATH: '/usr/bin:/bin', ...environment },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  if (child.pid === undefined) throw new Error('the server could not be spawned');
  return { pid: child.pid, exited: once(child, 'exit') };
}

async function urlOf(home: string, pid: number): Promise<string | undefined> {
  const text = await readFile(join(home, 'run', 'server.json'), 'utf8').catch(() => '{}');
  const run = JSON.parse(text) as { readonly pid?: number; readonly url?: string };
  return run.pid === pid ? run.url : undefined;
}

async function isReady(url: string): Promise<boolean> {
  const response = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(5_000) });
  await response.body?.cancel();
  return response.status === 200;
}
