import { type Clock, HoldfastError, isHoldfastError } from '@holdfast/core';
import { type HomeLock, lockHome } from '@holdfast/postgres/cluster';
import type { HomePaths } from './home.ts';
import { readKeeperRun } from './keeper-run.ts';

const POLL_MS = 50;

export interface ClaimOptions {
  readonly clock: Clock;
  /** How long to wait for a keeper that is stopping. */
  readonly waitMs: number;
}

/**
 * Takes a state directory for this process until it is released or the process ends. Throws `home_in_use` naming pid and
 * URL of the keeper that has it; waits for one that is just stopping.
 */
export async function claimHome(paths: HomePaths, { clock, waitMs }: ClaimOptions): Promise<HomeLock> {
  const deadline = clock.monotonic() + waitMs;
  for (;;) {
    try {
      return await lockHome(paths.home);
    } catch (error) {
      if (!isHoldfastError(error, 'home_in_use')) throw error;
      const isStopping = readKeeperRun(paths)?.stopping === true;
      if (!isStopping || clock.monotonic() >= deadline) throw withUrl(error, paths);
    }
    await clock.sleep(POLL_MS);
  }
}

function withUrl(error: HoldfastError, paths: HomePaths): HoldfastError {
  const pid = error.details?.pid;
  const run = readKeeperRun(paths);
  const url = run !== undefined && run.pid === pid ? run.url : undefined;
  return new HoldfastError(
    'home_in_use',
    `A Holdfast with pid ${pid} runs on the state directory ${paths.home}${url === undefined ? '' : ` at ${url}`}. ` +
      'Use that one, stop it with holdfast stop, or choose another directory with --home.',
    { cause: error, details: { home: paths.home, pid: pid ?? null, url: url ?? null } },
  );
}
