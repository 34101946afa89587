import { errorMessage, systemClock } from '@holdfast/core';
import { findRunningKeeper, homePaths, identifyProcess, readRunFile } from '@holdfast/keeper';
import { connect, sql } from '@holdfast/postgres';
import { inspectCluster, readClusterState } from '@holdfast/postgres/cluster';
import type { Configuration } from './env.ts';

/** What a quick look at one thing showed. */
export interface Look {
  readonly ok: boolean;
  /** How long the answer took in milliseconds; null without one. */
  readonly ms: number | null;
  /** Why not, when `ok` is false. */
  readonly reason: string | null;
}

const TIMEOUT_MS = 3_000;

/** Asks for a URL; any answer below 400 is fine. */
export async function lookAtUrl(url: string): Promise<Look> {
  return timed(async () => {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'manual' });
    const body = await response.text();
    if (response.status >= 400) throw new Error(`it answered ${response.status}${problemDetail(body)}`);
  });
}

/** One connection and one round trip. */
export async function lookAtDatabase(url: string): Promise<Look> {
  return timed(async () => {
    const connection = await connect({ url, connectTimeoutMs: TIMEOUT_MS, statementTimeoutMs: TIMEOUT_MS });
    try {
      await connection.one(sql<{ alive: number }>`select 1 as alive`);
    } finally {
      await connection.close();
    }
  });
}

async function timed(look: () => Promise<void>): Promise<Look> {
  const begin = systemClock.monotonic();
  try {
    await look();
    return { ok: true, ms: Math.round(systemClock.monotonic() - begin), reason: null };
  } catch (error) {
    return { ok: false, ms: null, reason: describe(error) };
  }
}

/** fetch says only "fetch failed"; its cause says why. */
function describe(error: unknown): string {
  const { cause, name } = error as Error;
  if (name === 'TimeoutError') return `it did not answer within ${TIMEOUT_MS / 1_000} s`;
  const isFetch = error instanceof TypeError && cause !== undefined;
  const message = errorMessage(isFetch ? cause : error);
  return message.includes('ECONNREFUSED') ? 'nothing listens there' : message;
}

function problemDetail(body: string): string {
  try {
    const { detail } = JSON.parse(body) as { readonly detail?: string };
    return detail === undefined ? '' : `: ${detail}`;
  } catch {
    return '';
  }
}

/** Where the API answers: as configured, as its run file says, or through the keeper. */
export function findApiUrl({ home, settings }: Configuration): string | undefined {
  const paths = homePaths(home);
  return settings.apiUrl ?? readRunFile(paths.serverRun)?.url ?? findRunningKeeper(paths)?.run.url;
}

/** The database as the role of the API uses it; undefined when none is known. */
export async function findDatabaseUrl({ home, settings }: Configuration): Promise<string | undefined> {
  return settings.databaseUrl ?? (await readClusterState(home))?.appUrl;
}

/** The pid of the embedded PostgreSQL while it runs. */
export async function postgresPid(home: string): Promise<number | undefined> {
  const inspection = await inspectCluster(home);
  return inspection.state === 'running' ? inspection.pid : undefined;
}

/** The API server that runs on this machine with this state directory, by its run file. */
export function findServer(
  home: string,
): { readonly pid: number; readonly url: string; readonly startedAt: string } | undefined {
  const run = readRunFile(homePaths(home).serverRun);
  const command = run === undefined ? undefined : identifyProcess(run.pid)?.command;
  return command?.includes('serve') === true ? run : undefined;
}
