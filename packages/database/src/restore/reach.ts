import { HoldfastError } from '@holdfast/core';
import { parseLsn } from '@holdfast/postgres';
import type { BackupManifest } from '../backup/manifest.ts';
import type { WalRange } from '../backup/wal-archive.ts';
import { checkTarget, rangeOf } from './check-target.ts';
import type { RecoveryTarget } from './materialized-backup.ts';
import type { PhysicalPoint } from './recovery-settings.ts';

/** Where a backup leads, with the WAL that there is. */
export interface Reach {
  /** What recovery is told: `backup` also for the latest point of a backup that no WAL continues. */
  readonly target: RecoveryTarget;
  /** The moment, ISO 8601; null for an LSN or a transaction, whose time recovery alone tells. */
  readonly at: string | null;
  /** Where the WAL ends that is replayed for the latest point; null for every other target. */
  readonly upTo: string | null;
}

/** Where a backup leads when it is asked for a target. @throws HoldfastError `restore_refused` when that is out of its reach */
export function reachOf(
  manifest: Pick<BackupManifest, 'id' | 'point'>,
  target: RecoveryTarget,
  ranges: readonly WalRange[],
): Reach {
  const { id, point } = manifest;
  const own: Reach = { target: { kind: 'backup' }, at: point.snapshotAt, upTo: null };
  if (target.kind === 'backup') return own;
  if (point.kind === 'logical') {
    if (target.kind === 'latest') return own;
    const message = `Backup ${id} is a dump, which WAL cannot continue, so it can only be restored to its own point, ${point.snapshotAt}. That is holdfast restore ${id} --plan`;
    throw new HoldfastError('restore_refused', message);
  }
  if (target.kind === 'latest') {
    const range = continuation(point, ranges);
    return range === undefined
      ? own
      : { target, at: later(point.snapshotAt, range.toTime), upTo: range.toLsn };
  }
  checkTarget(target, { id, point }, ranges);
  return { target, at: target.kind === 'time' ? target.at.toISOString() : null, upTo: null };
}

/** The WAL that goes on behind the end of the backup. */
function continuation(point: PhysicalPoint, ranges: readonly WalRange[]): WalRange | undefined {
  const range = rangeOf(point, ranges);
  const end = parseLsn(point.consistentLsn ?? point.stopLsn);
  return range === undefined || parseLsn(range.toLsn) < end ? undefined : range;
}

/** The last commit in the WAL may be older than the backup. */
function later(snapshotAt: string, lastCommitAt: string | null): string {
  const isLater = lastCommitAt !== null && Date.parse(lastCommitAt) > Date.parse(snapshotAt);
  return isLater ? lastCommitAt : snapshotAt;
}
