import { readFile } from 'node:fs/promises';
import { HoldfastError, systemClock } from '@holdfast/core';
import { homePaths, type KeeperRun, type PartStatus, type SystemStatus } from '@holdfast/keeper';

/** The keeper that runs on a state directory. */
export interface AskedKeeper {
  readonly home: string;
  readonly run: KeeperRun;
}

interface Problem {
  readonly detail?: string;
  readonly title?: string;
}

/**
 * Asks the running keeper to let a prepared restore take over, and waits until it has. Its API server starts anew with it: resolves to how
 * often that was restarted at least, once it is the new one.
 * @throws HoldfastError `restore_failed`, and `upstream_unavailable` when it is lost meanwhile
 */
export async function askKeeper(keeper: AskedKeeper, id: string): Promise<number> {
  const before = await serverOf(keeper);
  const response = await ask(keeper, 'POST', `restores/${encodeURIComponent(id)}/takeover`);
  if (response.ok) return before?.managed === true ? before.restarts + 1 : 0;
  throw new HoldfastError(
    'restore_failed',
    `The keeper did not let the restore take over: ${await reasonOf(response)}`,
  );
}

/**
 * Asks the running keeper to start its API server anew, and waits until that serves. Resolves as `untilApiServes` does.
 * @throws HoldfastError `not_found` when it manages none
 */
export async function restartServer(keeper: AskedKeeper, signal: AbortSignal): Promise<string | undefined> {
  const before = (await serverOf(keeper))?.restarts ?? 0;
  const response = await ask(keeper, 'POST', 'parts/server/restart');
  if (response.ok) return untilApiServes(keeper, signal, before + 1);
  const code = response.status === 404 ? 'not_found' : 'upstream_unavailable';
  throw new HoldfastError(code, `The keeper did not restart its API server: ${await reasonOf(response)}`);
}

const SERVES_MS = 60_000;
const POLL_MS = 100;

/**
 * Waits until the API that the keeper forwards to is ready, for a minute at most. Resolves to what to tell when it does not come, or the
 * wait is given up; to undefined when it serves, and when the keeper knows of no API.
 * @param restarts how often it was restarted at least
 */
export async function untilApiServes(
  keeper: AskedKeeper,
  signal: AbortSignal,
  restarts = 0,
): Promise<string | undefined> {
  const until = systemClock.monotonic() + SERVES_MS;
  while (!signal.aborted && systemClock.monotonic() < until) {
    const server = await serverOf(keeper).catch(() => undefined);
    if (server?.state === 'unknown') return undefined;
    if (server !== undefined && server.restarts >= restarts && (await isReady(keeper))) return undefined;
    await systemClock.sleep(POLL_MS, signal).catch(() => undefined);
  }
  return 'The database serves, and the API does not yet: holdfast status tells why.';
}

async function serverOf(keeper: AskedKeeper): Promise<PartStatus | undefined> {
  const response = await ask(keeper, 'GET', 'status');
  const { parts } = (await response.json()) as Partial<SystemStatus>;
  return parts?.find(({ part }) => part === 'server');
}

/** Asked anew: what the keeper noted may be from before. */
async function isReady({ run }: AskedKeeper): Promise<boolean> {
  return fetch(`${run.url}/ready`).then(
    async response => {
      await response.body?.cancel();
      return response.ok;
    },
    () => false,
  );
}

async function ask({ home, run: { url } }: AskedKeeper, method: string, path: string): Promise<Response> {
  const token = (await readFile(homePaths(home).breakGlass, 'utf8')).trim();
  try {
    return await fetch(`${url}/ops/v1/${path}`, { method, headers: { authorization: `Bearer ${token}` } });
  } catch (cause) {
    const message = `The keeper at ${url} was lost meanwhile. holdfast status tells what serves`;
    throw new HoldfastError('upstream_unavailable', message, { cause });
  }
}

async function reasonOf(response: Response): Promise<string> {
  const problem = (await response.json().catch(() => ({}))) as Problem;
  return problem.detail ?? problem.title ?? `it answered ${response.status}`;
}
