import type { FastifyInstance } from 'fastify';
import { readKeeperRun } from './home/keeper-run.ts';
import { removeLeftover, removeRunFile, writeJson } from './home/run-file.ts';
import type { KeeperCore } from './keeper-core.ts';
import { note } from './managed-parts.ts';
import type { Observation } from './observe.ts';
import { abandonTakeover } from './restore/take-over.ts';

export interface StoppingKeeper {
  readonly core: KeeperCore;
  readonly app: FastifyInstance;
  readonly seen: Observation;
  /** Resolves when nothing is being brought up any more. */
  readonly settled: Promise<void>;
}

/**
 * Ends everything in order: the server, which finishes its requests through this keeper; PostgreSQL; what this keeper serves;
 * its notes. The state directory is free afterwards.
 */
export async function stopKeeper(
  { core, app, seen, settled }: StoppingKeeper,
  hurry: AbortSignal,
): Promise<void> {
  core.stopping.abort(new Error('the keeper is stopping'));
  core.logger.info('stopping');
  note(core, () => announce(core));
  await core.supervisors.get('server')?.stop(hurry);
  await Promise.race([settled, whenAborted(hurry)]);
  await stopDatabase(core, seen, hurry);
  abandonTakeover(core);
  await seen.done;
  await core.database.close();
  await app.close();
  core.logger.info('stopped');
  await Promise.all([
    core.incidents.flush(),
    core.samples.flush(),
    core.cleanups.flush(),
    core.healthMetrics.flush(),
    core.log.flush(),
  ]);
  removeLeftover(core.paths.parts);
  note(core, () => removeRunFile(core.paths.keeperRun, process.pid));
  await core.lock.release();
}

/** PostgreSQL waits until what archives its WAL has all of it, which a destination that does not answer must not hold up for long. */
const LAST_WAL_MS = 10_000;

async function stopDatabase(
  { supervisors }: KeeperCore,
  { wal }: Observation,
  hurry: AbortSignal,
): Promise<void> {
  const timer = setTimeout(wal.stop, LAST_WAL_MS);
  hurry.addEventListener('abort', wal.stop, { once: true });
  if (hurry.aborted) wal.stop();
  try {
    for (const supervisor of supervisors.values()) await supervisor.stop(hurry);
  } finally {
    clearTimeout(timer);
    wal.stop();
  }
}

/** Lets a start that comes now wait instead of being turned away. */
function announce(core: KeeperCore): void {
  const run = readKeeperRun(core.paths);
  if (run !== undefined) writeJson(core.paths.keeperRun, { ...run, stopping: true });
}

function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }));
}
