import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, HoldfastError } from '@holdfast/core';
import type { Binaries } from './binaries.ts';
import { findFreePort } from './ports.ts';
import { type Postmaster, stopPostmaster } from './postmaster.ts';
import { readPostmasterFile } from './postmaster-file.ts';
import type { ScratchClusterOptions } from './scratch-cluster.ts';
import { writeScratchConfiguration } from './scratch-configuration.ts';
import { followRecovery, logTail } from './scratch-log.ts';
import { asUser, type SystemUser } from './system-user.ts';

const POLL_MS = 20;
const PORT_ATTEMPTS = 5;

/** Everything about one run that its steps need. */
export interface ScratchRun {
  readonly options: ScratchClusterOptions;
  readonly binaries: Binaries;
  readonly user: SystemUser | undefined;
  readonly runDir: string;
  readonly socketDir: string;
  readonly clock: Clock;
}

export interface StartedScratch {
  readonly postmaster: Postmaster;
  readonly port: number;
}

/** Starts the server, on another port when the one chosen was taken meanwhile, and follows it through recovery. */
export async function launchScratch(run: ScratchRun): Promise<StartedScratch> {
  const { options, binaries, user, runDir, socketDir } = run;
  for (let attempt = 1; ; attempt += 1) {
    const port = await findFreePort();
    await writeScratchConfiguration({
      ...options,
      runDir,
      socketDir,
      majorVersion: binaries.majorVersion,
      port,
      user,
    });
    const log = await followRecovery(options.logFile, options.onProgress);
    const postmaster = await spawnScratch(run);
    try {
      if (await becomesReady(run, postmaster, log.look)) return { postmaster, port };
    } catch (error) {
      await stopPostmaster(postmaster, 'immediate', run.clock);
      throw error;
    }
    const text = await log.text();
    const { signal } = await postmaster.exited;
    if (!text.includes('Address already in use') || attempt === PORT_ATTEMPTS)
      throw didNotStart(text, signal);
  }
}

async function spawnScratch({ options, binaries, user, runDir }: ScratchRun): Promise<Postmaster> {
  const { dataDir, logFile } = options;
  const log = await open(logFile, 'a', 0o600);
  try {
    const parameters = ['-D', dataDir, '-c', `config_file=${join(runDir, 'postgresql.conf')}`];
    const child = spawn(binaries.postgres, parameters, {
      ...asUser(user),
      cwd: dataDir,
      env: { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/local/bin:/usr/bin:/bin' },
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    const exited = exitOf(child);
    if (child.pid === undefined) await once(child, 'spawn');
    child.unref();
    return { pid: child.pid ?? 0, dataDir, exited };
  } finally {
    await log.close();
  }
}

function exitOf(child: ChildProcess): Postmaster['exited'] {
  return new Promise(resolve => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: null, signal: null }));
  });
}

/** False when it has ended instead. */
async function becomesReady(
  { options, clock }: ScratchRun,
  postmaster: Postmaster,
  look: () => Promise<void>,
): Promise<boolean> {
  let ended = false;
  void postmaster.exited.then(() => {
    ended = true;
  });
  while (!ended) {
    options.signal.throwIfAborted();
    const file = await readPostmasterFile(postmaster.dataDir);
    const isReady = file?.pid === postmaster.pid && file.status === 'ready';
    await look();
    if (isReady) return true;
    await clock.sleep(POLL_MS);
  }
  return false;
}

function didNotStart(log: string, signal: NodeJS.Signals | null): HoldfastError {
  const what =
    signal === null
      ? 'PostgreSQL did not start on it'
      : `PostgreSQL was ended by ${signal} before it had started on it`;
  const message = `${what}. The end of its log:\n${logTail(log)}`;
  return new HoldfastError('cluster_failed', message, { details: { log: logTail(log) } });
}
