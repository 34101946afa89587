import { type Clock, errorMessage, isHoldfastError } from '@holdfast/core';
import { type Connection, connect, openReplication, type ReplicationSession } from '@holdfast/postgres';
import { exportSnapshot } from '../../content/content-queries.ts';
import { type ContentSession, openContentSession } from '../../content/content-session.ts';
import { readMoment, readOutcomes, readQuietSnapshot } from './point-queries.ts';
import { endedBetween } from './snapshot-text.ts';

/** A snapshot, and where in the WAL it is. */
export interface ExactPoint {
  readonly lsn: string;
  /** To be imported by other sessions on the main database. */
  readonly snapshot: string;
  /** A snapshot of another database in which the same transactions are visible; undefined when there was none. */
  elsewhere(url: string): Promise<string | undefined>;
  /** Ends the snapshots, and with them the slot. */
  release(): Promise<void>;
}

export interface PointOptions {
  /** Of the main database. */
  readonly url: string;
  readonly walLevel: string;
  readonly slotName: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** How long transactions that run already are waited for. */
const SNAPSHOT_WAIT_MS = 60_000;
const QUIET_TRIES = 40;
const QUIET_PAUSE_MS = 50;

/**
 * Ties a snapshot to a position: recovery that stops just before the position shows exactly what the snapshot shows. A logical
 * slot's consistent point is such a pair (PostgreSQL manual, "Exported Snapshots" of logical decoding); where there can be no
 * slot, any moment at which no transaction is writing. Resolves to the reason when there is neither.
 */
export async function findExactPoint(options: PointOptions): Promise<ExactPoint | string> {
  if (options.walLevel === 'logical') {
    const point = await pointOfSlot(options);
    if (typeof point !== 'string') return point;
    return (await quietPoint(options)) ?? point;
  }
  return (
    (await quietPoint(options)) ??
    `wal_level is ${options.walLevel}, and no moment was found at which nobody was writing. With wal_level = logical (and a free replication slot) every backup is exact`
  );
}

async function pointOfSlot({ url, slotName }: PointOptions): Promise<ExactPoint | string> {
  let session: ReplicationSession | undefined;
  try {
    session = await openReplication({ url, database: true, applicationName: 'holdfast-backup' });
    const { consistentPoint, snapshotName } = await session.createLogicalSnapshot(slotName, {
      waitMs: SNAPSHOT_WAIT_MS,
    });
    return await toPoint(url, consistentPoint, snapshotName, session);
  } catch (error) {
    await session?.close();
    if (!isHoldfastError(error)) throw error;
    return `no snapshot could be tied to a position in the WAL: ${errorMessage(error)}`;
  }
}

/** A session in the snapshot stays open: it says which transactions are visible in it, and keeps their rows. */
async function toPoint(
  url: string,
  lsn: string,
  snapshot: string,
  source: { close(): Promise<void> },
): Promise<ExactPoint> {
  const main = await openContentSession(url, snapshot);
  const visible = (await readMoment(main.connection)).snapshot;
  const others: ContentSession[] = [];
  return {
    lsn,
    snapshot,
    elsewhere: async otherUrl => {
      const other = await openContentSession(otherUrl, undefined);
      others.push(other);
      const name = await exportSnapshot(other.connection);
      const later = (await readMoment(other.connection)).snapshot;
      return (await nothingCommitted(main.connection, visible, later)) ? name : undefined;
    },
    release: async () => {
      await Promise.all([main, ...others, source].map(session => session.close()));
    },
  };
}

async function nothingCommitted(db: Connection, earlier: string, later: string): Promise<boolean> {
  const ended = endedBetween(earlier, later);
  if (ended === undefined) return false;
  const outcomes = await readOutcomes(db, ended.map(String));
  return outcomes.every(outcome => outcome === 'aborted');
}

/**
 * When nobody writes at two moments, and no transaction has ended between them, nothing was written between them: a position
 * read there has all commits before it.
 */
async function quietPoint({ url, clock, signal }: PointOptions): Promise<ExactPoint | undefined> {
  const watcher = await connect({ url, applicationName: 'holdfast-backup' });
  try {
    for (let tries = 0; tries < QUIET_TRIES; tries += 1) {
      const holder = await openContentSession(url, undefined);
      const point = await ifQuiet(url, holder, watcher);
      if (point !== undefined) return point;
      await clock.sleep(QUIET_PAUSE_MS, signal);
    }
    return undefined;
  } finally {
    await watcher.close();
  }
}

async function ifQuiet(
  url: string,
  holder: ContentSession,
  watcher: Connection,
): Promise<ExactPoint | undefined> {
  let point: ExactPoint | undefined;
  try {
    const before = await readQuietSnapshot(watcher);
    const { snapshot, lsn } = await readMoment(holder.connection);
    const name = await exportSnapshot(holder.connection);
    const after = await readQuietSnapshot(watcher);
    if (before === snapshot && after === snapshot) point = await toPoint(url, lsn, name, holder);
    return point;
  } finally {
    if (point === undefined) await holder.close();
  }
}
