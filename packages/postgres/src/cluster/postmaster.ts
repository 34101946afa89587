import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@holdfast/core';
import type { Binaries } from './binaries.ts';
import type { ExitStatus } from './cluster.ts';
import { LISTEN_ADDRESS } from './ports.ts';
import {
  findPostgresOn,
  identifyProcess,
  isAlive,
  isPostgresOn,
  type ProcessIdentity,
  signal,
} from './process-info.ts';
import { asUser, type SystemUser } from './system-user.ts';

/** A server process, started by us or found running. */
export interface Postmaster {
  readonly pid: number;
  readonly dataDir: string;
  /** Resolves when it has ended; see Cluster. */
  readonly exited: Promise<ExitStatus>;
}

export interface SpawnOptions {
  readonly binaries: Binaries;
  readonly user: SystemUser | undefined;
  readonly dataDir: string;
  readonly port: number;
  readonly home: string;
}

/**
 * Starts the server as a process of its own, writing straight into `<home>/logs/postgres.log`, so that it outlives this
 * one. There is no socket file: its path is limited to 107 bytes, which a state directory can exceed.
 */
export async function spawnPostmaster(options: SpawnOptions): Promise<Postmaster> {
  const { binaries, user, dataDir, port, home } = options;
  const log = await openLog(home);
  try {
    const parameters = ['-D', dataDir, '-p', String(port), '-h', LISTEN_ADDRESS, '-k', ''];
    const child = spawn(binaries.postgres, parameters, {
      ...asUser(user),
      cwd: dataDir,
      env: { LC_ALL: 'C', TZ: 'UTC' },
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    const exited = childExit(child);
    if (child.pid === undefined) await once(child, 'spawn');
    child.unref();
    return { pid: child.pid ?? 0, dataDir, exited };
  } finally {
    await log.close();
  }
}

export function logPath(home: string): string {
  return join(home, 'logs', 'postgres.log');
}

async function openLog(home: string) {
  await mkdir(join(home, 'logs'), { recursive: true, mode: 0o700 });
  return open(logPath(home), 'a', 0o600);
}

async function childExit(child: ChildProcess): Promise<ExitStatus> {
  return new Promise(resolve => {
    child.once('exit', (code, exitSignal) => resolve({ code, signal: exitSignal }));
    child.once('error', () => resolve({ code: null, signal: null }));
  });
}

const WATCH_MS = 100;

/** Follows a server that is not our child. */
export async function watchPostmaster(pid: number, dataDir: string): Promise<Postmaster> {
  const identity = await identifyProcess(pid);
  return { pid, dataDir, exited: watchExit(identity) };
}

function watchExit(identity: ProcessIdentity | undefined): Promise<ExitStatus> {
  return new Promise(resolve => {
    const look = async (): Promise<void> => {
      if (identity === undefined || !(await isAlive(identity))) resolve({ code: null, signal: null });
      else setTimeout(look, WATCH_MS).unref();
    };
    void look();
  });
}

const FAST_MS = 15_000;
const IMMEDIATE_MS = 10_000;

/**
 * Stops a server with the signals of its manual (section 18.5): SIGINT ends the sessions and writes a checkpoint, SIGQUIT
 * ends at once. Each gets its time before the next stronger one; SIGKILL is the last.
 */
export async function stopPostmaster(
  postmaster: Postmaster,
  mode: 'fast' | 'immediate',
  clock: Clock,
): Promise<void> {
  const { pid, dataDir, exited } = postmaster;
  if (!(await isPostgresOn(dataDir, pid))) return;
  // a process stopped by SIGSTOP gets no other signal until it goes on
  for (const stopped of await findPostgresOn(dataDir)) signal(stopped, 'SIGCONT');
  if (mode === 'fast' && (await endsAfter('SIGINT', pid, exited, FAST_MS, clock))) return;
  if (await endsAfter('SIGQUIT', pid, exited, IMMEDIATE_MS, clock)) return;
  for (const left of new Set([pid, ...(await findPostgresOn(dataDir))])) signal(left, 'SIGKILL');
  await exited;
}

async function endsAfter(
  name: NodeJS.Signals,
  pid: number,
  exited: Promise<ExitStatus>,
  ms: number,
  clock: Clock,
): Promise<boolean> {
  signal(pid, name);
  const timer = new AbortController();
  const timeout = clock.sleep(ms, timer.signal).then(
    () => false,
    () => false,
  );
  const ended = await Promise.race([exited.then(() => true), timeout]);
  timer.abort();
  return ended;
}
