import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { glob, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const LAUNCHER = join(import.meta.dirname, '../../apps/cli/bin/holdfast.js');
const READY_MS = 60_000;

export interface ReplicaOptions {
  readonly name: string;
  /** A directory of its own: keyring and journal are shared by path. */
  readonly home: string;
  readonly variables: Readonly<Record<string, string>>;
  /** Told of an end that nobody asked for. */
  readonly onDeath: (how: string) => void;
}

/** One `holdfast serve` in front of nothing, which can be killed and started again. */
export interface Replica {
  readonly name: string;
  /** Undefined while it does not run. */
  url(): string | undefined;
  /** How far its clock is off at this moment, as faketime writes it; undefined when it is right. */
  skew(): string | undefined;
  start(skew?: string): Promise<void>;
  kill(): Promise<void>;
  /** SIGTERM, as at a deployment. */
  stop(): Promise<void>;
  killNow(): void;
}

export function createReplica(options: ReplicaOptions): Replica {
  let child: ChildProcess | undefined;
  let url: string | undefined;
  let skew: string | undefined;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ending = child;
    child = undefined;
    url = undefined;
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
    const ended = once(ending, 'exit');
    ending.kill(signal);
    const forced = setTimeout(() => ending.kill('SIGKILL'), 30_000);
    await ended;
    clearTimeout(forced);
    await removeSharedMemory(ending.pid);
  };
  return {
    name: options.name,
    url: () => url,
    skew: () => skew,
    start: async wanted => {
      const started = await spawnReplica(options, wanted);
      child = started;
      skew = wanted;
      started.once('exit', (code, signal) => {
        if (child !== started) return;
        child = undefined;
        url = undefined;
        options.onDeath(`${options.name} ended by itself (exit code ${code}, signal ${signal})`);
      });
      url = await firstUrl(started);
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    killNow: () => void child?.kill('SIGKILL'),
  };
}

async function spawnReplica(
  { home, variables }: ReplicaOptions,
  skew: string | undefined,
): Promise<ChildProcess> {
  await mkdir(join(home, 'logs'), { recursive: true });
  const log = openSync(join(home, 'logs', 'server.log'), 'a', 0o600);
  const child = spawn(process.execPath, [LAUNCHER, 'serve', '--json', '--no-env-file', '--home', home], {
    env: { PATH: '/usr/bin:/bin', ...variables, ...(skew === undefined ? {} : await fakeClock(skew)) },
    stdio: ['ignore', 'pipe', log],
  });
  closeSync(log);
  return child;
}

async function firstUrl(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the replica has no stdout');
  const signal = AbortSignal.timeout(READY_MS);
  const line = once(createInterface({ input: child.stdout }), 'line', { signal });
  const failed = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`the replica ended with exit code ${code} before it listened`);
  });
  failed.catch(() => undefined);
  line.catch(() => undefined);
  const [text] = await Promise.race([line, failed]);
  return (JSON.parse(String(text)) as { url: string }).url;
}

/**
 * libfaketime without its launcher, which would be a process between us and the server. The monotonic clock stays as it
 * is: a wrong wall clock is what a machine really has.
 */
async function fakeClock(skew: string): Promise<Record<string, string>> {
  const library = await faketimeLibrary();
  if (library === undefined) throw new Error('libfaketime is not installed');
  return { LD_PRELOAD: library, FAKETIME: skew, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
}

/** Where Debian's package faketime has its library; undefined when it is not installed. */
export async function faketimeLibrary(): Promise<string | undefined> {
  for await (const path of glob('/usr/lib/*/faketime/libfaketimeMT.so.1')) return path;
  return undefined;
}

/** libfaketime leaves these behind when its process is killed. */
async function removeSharedMemory(pid: number | undefined): Promise<void> {
  for (const name of [`faketime_shm_${pid}`, `sem.faketime_sem_${pid}`]) {
    await rm(join('/dev/shm', name), { force: true }).catch(() => undefined);
  }
}
