import { readFile, stat } from 'node:fs/promises';
import { type Clock, HoldfastError, isHoldfastError } from '@holdfast/core';
import { connect } from '../connection.ts';
import { sqlState } from '../database-errors.ts';
import { sql } from '../sql.ts';
import { logPath, type Postmaster } from './postmaster.ts';
import { readPostmasterFile } from './postmaster-file.ts';

/** `hung`: it runs and accepts connections, but does not answer on them. */
export type Readiness = 'ready' | 'exited' | 'hung';

export interface AwaitReadyOptions {
  readonly postmaster: Postmaster;
  readonly superuserUrl: string;
  readonly clock: Clock;
  readonly onProgress: (step: string) => void;
}

const POLL_MS = 10;
const SLOW_MS = 2_000;
/** Recovery after a crash reads the WAL since the last checkpoint; it is never interrupted, only no longer waited for. */
const READY_MS = 300_000;
const ANSWER_MS = 5_000;

/** Waits until a server answers, has ended, or turns out to be frozen. Throws `cluster_failed` after five minutes. */
export async function awaitReady(options: AwaitReadyOptions): Promise<Readiness> {
  const { postmaster, clock, onProgress } = options;
  const started = clock.monotonic();
  let exited = false;
  let told = false;
  void postmaster.exited.then(() => {
    exited = true;
  });
  while (!exited) {
    const file = await readPostmasterFile(postmaster.dataDir);
    if (file?.pid === postmaster.pid && file.status === 'ready') return probe(options);
    const elapsed = clock.monotonic() - started;
    if (elapsed > READY_MS) throw tooSlow();
    if (elapsed > SLOW_MS && !told) {
      told = true;
      onProgress('PostgreSQL is recovering from an unclean stop');
    }
    await clock.sleep(POLL_MS);
  }
  return 'exited';
}

/** Makes sure that what answers is the server of this data directory, with the passwords we have. */
async function probe({ postmaster, superuserUrl }: AwaitReadyOptions): Promise<Readiness> {
  try {
    const connection = await connect({
      url: superuserUrl,
      connectTimeoutMs: ANSWER_MS,
      statementTimeoutMs: ANSWER_MS,
      applicationName: 'holdfast start',
    });
    try {
      await connection.one(sql`select 1`);
      return 'ready';
    } finally {
      await connection.close();
    }
  } catch (error) {
    if (isHoldfastError(error, 'database_timeout')) return 'hung';
    if (sqlState(error) === '28P01') throw wrongPassword(postmaster.dataDir, error);
    throw error;
  }
}

function tooSlow(): HoldfastError {
  const message =
    'PostgreSQL was not ready after five minutes. It goes on recovering: start again to wait for it, and look into logs/postgres.log';
  return new HoldfastError('cluster_failed', message);
}

function wrongPassword(dataDir: string, cause: unknown): HoldfastError {
  const message = `The PostgreSQL on ${dataDir} does not accept the password in cluster.json. Put the right one there, or stop PostgreSQL and move cluster.json away to have the passwords made anew`;
  return new HoldfastError('cluster_failed', message, { cause });
}

/** How long the log is, to read later what was added. */
export async function logSize(home: string): Promise<number> {
  return stat(logPath(home)).then(
    ({ size }) => size,
    () => 0,
  );
}

export async function readLogSince(home: string, position: number): Promise<string> {
  const content = await readFile(logPath(home)).catch(() => Buffer.alloc(0));
  return content.subarray(position).toString('utf8').trim();
}
