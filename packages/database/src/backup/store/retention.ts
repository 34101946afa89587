import type { StoredBackup } from '../backup-repository.ts';

/** What to keep; a backup stays that any of these wants. Without any rule everything stays. */
export interface RetentionPolicy {
  /** So many of the newest. */
  readonly last?: number;
  /** Everything younger than this. */
  readonly withinMs?: number;
  /** The newest of each of so many days, weeks (from Monday), months and years that have one, in UTC. */
  readonly daily?: number;
  readonly weekly?: number;
  readonly monthly?: number;
  readonly yearly?: number;
  /** What it takes to go back to any moment within this time: physical backups, and the WAL behind the oldest of them. */
  readonly recoveryWindowMs?: number;
}

export interface RetentionDecision {
  readonly backup: StoredBackup;
  /** Why it stays; empty: it may go. */
  readonly reasons: readonly string[];
}

export interface RetentionPlan {
  /** Newest first. */
  readonly decisions: readonly RetentionDecision[];
  /**
   * For each system identifier the position before which WAL may go: the start of the oldest backup that the recovery window
   * needs, without a window of the oldest that stays. Older ones hold the WAL that they need themselves.
   */
  readonly walBefore: ReadonlyMap<string, string>;
}

type Period = 'day' | 'week' | 'month' | 'year';

/**
 * Decides what may go at one destination. The last valid backup always stays: the newest that was drilled, else the newest
 * that was verified, else the newest. A damaged one is never counted as one of those to keep.
 */
export function planRetention(
  backups: readonly StoredBackup[],
  policy: RetentionPolicy,
  now: Date,
): RetentionPlan {
  const newestFirst = backups.toSorted((one, other) => createdMs(other) - createdMs(one));
  const reasons = new Map<StoredBackup, string[]>(newestFirst.map(backup => [backup, []]));
  const keep = (kept: readonly StoredBackup[], reason: string): void => {
    for (const backup of kept) reasons.get(backup)?.push(reason);
  };
  const good = newestFirst.filter(backup => !isDamaged(backup));
  const { last = 0, withinMs, recoveryWindowMs } = policy;
  if (isEmpty(policy)) keep(newestFirst, 'no rule');
  keep(good.slice(0, last), `one of the last ${last}`);
  if (withinMs !== undefined) keep(youngerThan(newestFirst, now, withinMs), 'young enough');
  for (const [period, count = 0] of periodsOf(policy))
    keep(onePer(good, period, count), `last of its ${period}`);
  if (recoveryWindowMs !== undefined) {
    keep(
      recoveryBases(good, now.getTime() - recoveryWindowMs),
      'needed to go back within the recovery window',
    );
  }
  keep(lastValid(newestFirst), 'the last valid one');
  const decisions = newestFirst.map(backup => ({ backup, reasons: reasons.get(backup) ?? [] }));
  const kept = decisions.filter(({ reasons: why }) => why.length > 0).map(({ backup }) => backup);
  const bases = recoveryWindowMs === undefined ? [] : recoveryBases(good, now.getTime() - recoveryWindowMs);
  return { decisions, walBefore: new Map([...walStillNeeded(kept), ...walStillNeeded(bases)]) };
}

function isEmpty(policy: RetentionPolicy): boolean {
  return Object.values(policy).every(value => value === undefined);
}

function periodsOf({ daily, weekly, monthly, yearly }: RetentionPolicy) {
  return [
    ['day', daily],
    ['week', weekly],
    ['month', monthly],
    ['year', yearly],
  ] as const;
}

function createdMs({ manifest }: StoredBackup): number {
  return Date.parse(manifest.createdAt);
}

/** What the last look found; a later good one takes a damaged one back. */
function isDamaged({ validations }: StoredBackup): boolean {
  return validations.at(-1)?.result === 'damaged';
}

function youngerThan(backups: readonly StoredBackup[], now: Date, ms: number): StoredBackup[] {
  return backups.filter(backup => now.getTime() - createdMs(backup) <= ms);
}

function onePer(newestFirst: readonly StoredBackup[], period: Period, count: number): StoredBackup[] {
  const newest = new Map<string, StoredBackup>();
  for (const backup of newestFirst) {
    const key = periodKey(new Date(createdMs(backup)), period);
    if (!newest.has(key)) newest.set(key, backup);
  }
  return [...newest.values()].slice(0, count);
}

const DAY_MS = 86_400_000;

function periodKey(at: Date, period: Period): string {
  const day = at.toISOString().slice(0, 10);
  switch (period) {
    case 'day':
      return day;
    case 'week': {
      const sinceMonday = (at.getUTCDay() + 6) % 7;
      return new Date(at.getTime() - sinceMonday * DAY_MS).toISOString().slice(0, 10);
    }
    case 'month':
      return day.slice(0, 7);
    case 'year':
      return day.slice(0, 4);
  }
}

/** Of each cluster: its physical backups since the window began, and the one before it, from which its beginning is reached. */
function recoveryBases(newestFirst: readonly StoredBackup[], windowBegin: number): StoredBackup[] {
  return [...byCluster(newestFirst).values()].flatMap(ofCluster => {
    const before = ofCluster.findIndex(backup => createdMs(backup) <= windowBegin);
    return before < 0 ? ofCluster : ofCluster.slice(0, before + 1);
  });
}

function byCluster(backups: readonly StoredBackup[]): Map<string, StoredBackup[]> {
  const clusters = new Map<string, StoredBackup[]>();
  for (const backup of backups) {
    const { point, server } = backup.manifest;
    if (point.kind !== 'physical' || server.systemIdentifier === null) continue;
    clusters.set(server.systemIdentifier, [...(clusters.get(server.systemIdentifier) ?? []), backup]);
  }
  return clusters;
}

function lastValid(newestFirst: readonly StoredBackup[]): StoredBackup[] {
  const good = newestFirst.filter(backup => !isDamaged(backup));
  const drilled = good.find(({ validations }) => validations.some(isValidDrill));
  const verified = good.find(({ validations }) => validations.length > 0);
  const best = drilled ?? verified ?? good[0] ?? newestFirst[0];
  return best === undefined ? [] : [best];
}

function isValidDrill({ level, result }: StoredBackup['validations'][number]): boolean {
  return level === 'drill' && result === 'valid';
}

function walStillNeeded(bases: readonly StoredBackup[]): Map<string, string> {
  const positions = [...byCluster(bases)].map(([systemIdentifier, backups]) => {
    const starts = backups.flatMap(({ manifest: { point } }) =>
      point.kind === 'physical' ? [point.startLsn] : [],
    );
    const oldest = starts.reduce((one, other) => (lsnNumber(other) < lsnNumber(one) ? other : one));
    return [systemIdentifier, oldest] as const;
  });
  return new Map(positions);
}

function lsnNumber(lsn: string): bigint {
  const [high = '0', low = '0'] = lsn.split('/');
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`);
}
