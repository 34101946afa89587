import { errorMessage, HoldfastError } from '@holdfast/core';
import { switchRestore } from '@holdfast/database/restore';
import { placeRestore, readTakeover, type Takeover } from '@holdfast/postgres/cluster';
import type { KeeperCore } from '../keeper-core.ts';
import { oneLine } from '../process/log-reason.ts';
import { epochRecorder } from './record-epoch.ts';
import type { TakeoverRequest } from './take-over-request.ts';

/**
 * Lets the database that a restore has prepared take over: PostgreSQL is stopped in order, and before it starts again the directories
 * are switched. Rejects, with the old database running again, when that cannot be done.
 */
export async function requestTakeover(core: KeeperCore, id: string): Promise<Takeover> {
  const postgres = core.supervisors.get('postgres');
  if (postgres === undefined) {
    throw new HoldfastError(
      'not_found',
      'This keeper does not manage PostgreSQL, so it cannot replace its database.',
    );
  }
  if (core.takeover.request !== undefined) {
    throw new HoldfastError('restore_refused', 'Another restore is just taking over.');
  }
  const request: TakeoverRequest = { id, done: Promise.withResolvers() };
  core.takeover.request = request;
  postgres.restart();
  try {
    return await request.done.promise;
  } finally {
    core.takeover.request = undefined;
  }
}

/** Tells who waits for a takeover that none will come: PostgreSQL is not started any more. */
export function abandonTakeover(core: KeeperCore): void {
  core.takeover.request?.done.reject(
    new HoldfastError('restore_refused', 'The keeper was stopped before it could switch.'),
  );
}

/** Does what was asked for, if anything was; called while PostgreSQL is stopped. Never throws: the old database serves on. */
export async function takeOverIfRequested(core: KeeperCore): Promise<void> {
  const { request } = core.takeover;
  if (request === undefined) return;
  try {
    const takeover = await takeOver(core, request.id);
    core.tell(
      `${takeover.what} has taken over; the database of before is kept as ${takeover.replaced ?? 'nothing'}`,
    );
    request.done.resolve(takeover);
  } catch (error) {
    core.tell(
      `the restore did not take over: ${oneLine(errorMessage(error))}; the database is the one of before`,
      'trouble',
    );
    request.done.reject(error);
  }
}

async function takeOver(core: KeeperCore, id: string): Promise<Takeover> {
  const { settings, options, clock } = core;
  const { home } = options;
  const takeover = await readTakeover(home);
  if (takeover === undefined || takeover.id !== id || takeover.state !== 'prepared') {
    throw new HoldfastError('not_found', `No restore ${id} is prepared on ${home}.`);
  }
  const { postgresUser: systemUser, postgresDir: sharedDir } = settings;
  // what the server remembers of the old database does not hold in the new one
  core.supervisors.get('server')?.restart();
  return switchRestore({
    home,
    takeover,
    cluster: await placeRestore({ home, systemUser, sharedDir }),
    sharedDir,
    recordEpoch: epochRecorder({ home, settings, version: options.version }),
    clock,
    signal: core.stopping.signal,
    onProgress: message => core.tell(message),
  });
}
