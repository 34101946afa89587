import { HoldfastError } from '@holdfast/core';
import { parseLsn } from '@holdfast/postgres';
import type { WalRange } from '../backup/wal-archive.ts';
import type { RecoveryTarget } from './materialized-backup.ts';
import type { PhysicalPoint } from './recovery-settings.ts';

interface PhysicalBackup {
  readonly id: string;
  readonly point: PhysicalPoint;
}

/**
 * Refuses a target that the WAL does not reach, before anything is unpacked. Of a transaction it does not know whether it is there.
 * @throws HoldfastError `restore_refused` that says what is covered
 */
export function checkTarget(
  target: RecoveryTarget,
  backup: PhysicalBackup,
  ranges: readonly WalRange[],
): void {
  if (target.kind === 'backup') return;
  const { point } = backup;
  const range = rangeOf(point, ranges);
  if (target.kind === 'lsn') checkLsn(target.lsn, point, range, ranges);
  if (target.kind === 'time') checkTime(target.at, backup, range, ranges);
  if (range === undefined && target.kind === 'transaction') {
    throw refused(
      'The WAL archive does not go on from this backup, so no transaction after it is known',
      ranges,
    );
  }
}

/** The range that continues the backup without a gap and leads to the present database; the one on the newest timeline when several do. */
export function rangeOf(point: PhysicalPoint, ranges: readonly WalRange[]): WalRange | undefined {
  const end = parseLsn(point.consistentLsn ?? point.stopLsn);
  const start = parseLsn(point.startLsn);
  const followed = ranges.filter(({ abandoned = false }) => !abandoned);
  const joined = followed.filter(
    ({ timeline, fromLsn, toLsn }) =>
      timeline === point.timeline && parseLsn(fromLsn) <= end && parseLsn(toLsn) >= start,
  );
  const own = joined.at(-1);
  if (own === undefined) return undefined;
  // a later timeline begins where its parent was left, so it touches it
  return followed.reduce(
    (last, next) =>
      next.timeline > last.timeline && parseLsn(next.fromLsn) <= parseLsn(last.toLsn) ? next : last,
    own,
  );
}

function checkLsn(
  lsn: string,
  point: PhysicalPoint,
  range: WalRange | undefined,
  ranges: readonly WalRange[],
): void {
  if (parseLsn(lsn) < parseLsn(point.stopLsn)) {
    throw refused(
      `${lsn} is before ${point.stopLsn}, where this backup ends. Choose an older backup`,
      ranges,
    );
  }
  const end = range?.toLsn ?? point.consistentLsn ?? point.stopLsn;
  if (parseLsn(lsn) > parseLsn(end)) {
    throw refused(`${lsn} is after ${end}, where the WAL that continues this backup ends`, ranges);
  }
}

function checkTime(
  at: Date,
  { id, point }: PhysicalBackup,
  range: WalRange | undefined,
  ranges: readonly WalRange[],
): void {
  const time = at.toISOString();
  if (at.getTime() < Date.parse(point.snapshotAt)) {
    throw refused(
      `${time} is before this backup, which is of ${point.snapshotAt}. Choose an older one`,
      ranges,
    );
  }
  if (range === undefined) {
    throw refused(
      `No WAL continues this backup, so it can only be restored to its own point, ${point.snapshotAt}. That is holdfast restore ${id} --plan`,
      ranges,
    );
  }
  if (range.toTime !== null && at.getTime() > Date.parse(range.toTime)) {
    const message = `The last commit in the WAL that continues this backup is of ${range.toTime}, before ${time}. To have everything that there is, restore to the latest point`;
    throw refused(message, ranges);
  }
}

/** The refusal of a transaction that is not in the WAL. */
export function unknownTransaction(xid: string, id: string, ranges: readonly WalRange[]): HoldfastError {
  return refused(`No transaction ${xid} was committed in the WAL that continues backup ${id}`, ranges);
}

function refused(message: string, ranges: readonly WalRange[]): HoldfastError {
  const covered = ranges.map(describe).join('; ');
  const text = `${message}. The archive covers ${covered === '' ? 'nothing' : covered}`;
  return new HoldfastError('restore_refused', text, { details: { ranges } });
}

function describe({ timeline, fromLsn, toLsn, fromTime, toTime, abandoned }: WalRange): string {
  const times =
    fromTime === null && toTime === null ? '' : `, ${fromTime ?? 'unknown'} to ${toTime ?? 'unknown'}`;
  const left = abandoned === true ? ', which the database has left' : '';
  return `${fromLsn} to ${toLsn} on timeline ${timeline}${left}${times}`;
}
