import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoredBackup } from '../backup-repository.ts';
import type { BackupValidation } from '../manifest.ts';
import { planRetention, type RetentionPolicy } from './retention.ts';

const NOW = new Date('2026-03-31T12:00:00Z');
const DAY = 86_400_000;

interface Given {
  readonly level?: BackupValidation['level'];
  readonly result?: BackupValidation['result'];
  readonly startLsn?: string;
  readonly cluster?: string;
}

/** A backup of a time; physical when it has a position. */
function backup(
  createdAt: string,
  { level, result = 'valid', startLsn, cluster = '1' }: Given = {},
): StoredBackup {
  const point =
    startLsn === undefined
      ? { kind: 'logical', snapshotAt: createdAt, lsn: null }
      : {
          kind: 'physical',
          timeline: 1,
          startLsn,
          stopLsn: startLsn,
          consistentLsn: null,
          snapshotAt: createdAt,
        };
  const validations = level === undefined ? [] : [{ level, result, at: createdAt }];
  const manifest = { id: createdAt, createdAt, point, server: { systemIdentifier: cluster } };
  return { manifest, validations, bytes: 1, seal: 'valid' } as unknown as StoredBackup;
}

function kept(backups: readonly StoredBackup[], policy: RetentionPolicy): string[] {
  return planRetention(backups, policy, NOW)
    .decisions.filter(({ reasons }) => reasons.length > 0)
    .map(({ backup: { manifest } }) => manifest.createdAt.slice(0, 10));
}

const daily = Array.from({ length: 31 }, (_, index) =>
  backup(`2026-03-${String(index + 1).padStart(2, '0')}T03:00:00Z`),
);

test('without a rule everything stays', () => {
  assert.equal(kept(daily, {}).length, 31);
});

test('the last N stay, whatever the order they come in', () => {
  assert.deepEqual(kept(daily.toReversed(), { last: 2 }), ['2026-03-31', '2026-03-30']);
});

test('what is young enough stays', () => {
  assert.deepEqual(kept(daily, { withinMs: 2 * DAY }), ['2026-03-31', '2026-03-30']);
});

test('the newest of each day, week and month stays', () => {
  const twice = [
    ...daily,
    backup('2026-03-30T20:00:00Z'),
    backup('2026-02-27T03:00:00Z'),
    backup('2026-02-28T03:00:00Z'),
  ];
  assert.deepEqual(
    planRetention(twice, { daily: 2 }, NOW)
      .decisions.filter(({ reasons }) => reasons.length > 0)
      .map(({ backup: { manifest } }) => manifest.createdAt),
    ['2026-03-31T03:00:00Z', '2026-03-30T20:00:00Z'],
  );
  // 31 March 2026 is a Tuesday: the weeks end on Sundays.
  assert.deepEqual(kept(twice, { weekly: 3 }), ['2026-03-31', '2026-03-29', '2026-03-22']);
  assert.deepEqual(kept(twice, { monthly: 5 }), ['2026-03-31', '2026-02-28']);
  assert.deepEqual(kept(twice, { yearly: 1, daily: 1 }), ['2026-03-31']);
});

test('the last valid one stays whatever the rules say: drilled before verified before newest', () => {
  const policy = { withinMs: DAY };
  const old = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', '2026-01-03T00:00:00Z'] as const;
  assert.deepEqual(
    kept(
      old.map(at => backup(at)),
      policy,
    ),
    ['2026-01-03'],
  );
  assert.deepEqual(kept([backup(old[0]), backup(old[1], { level: 'files' }), backup(old[2])], policy), [
    '2026-01-02',
  ]);
  assert.deepEqual(
    kept([backup(old[0], { level: 'drill' }), backup(old[1], { level: 'files' }), backup(old[2])], policy),
    ['2026-01-01'],
  );
  const damaged = { level: 'drill', result: 'damaged' } as const;
  assert.deepEqual(kept([backup(old[0]), backup(old[2], damaged)], policy), ['2026-01-01']);
  assert.deepEqual(kept([backup(old[2], damaged)], policy), ['2026-01-03']);
});

test('a damaged backup is not one of those that are counted', () => {
  const backups = [
    backup('2026-03-31T00:00:00Z', { level: 'files', result: 'damaged' }),
    backup('2026-03-30T00:00:00Z'),
    backup('2026-03-29T00:00:00Z'),
    backup('2026-03-28T00:00:00Z'),
  ];
  assert.deepEqual(kept(backups, { last: 2 }), ['2026-03-30', '2026-03-29']);
});

test('the recovery window keeps the backup from which its beginning is reached, in each cluster', () => {
  const backups = [
    backup('2026-03-30T00:00:00Z', { startLsn: '0/9000000' }),
    backup('2026-03-26T00:00:00Z', { startLsn: '0/5000000' }),
    backup('2026-03-20T00:00:00Z', { startLsn: '0/3000000' }),
    backup('2026-03-10T00:00:00Z', { startLsn: '0/2000000' }),
    backup('2026-03-09T00:00:00Z', { startLsn: 'A/0', cluster: '2' }),
    backup('2026-03-08T00:00:00Z', { startLsn: '9/FF000000', cluster: '2' }),
    backup('2026-03-21T00:00:00Z'),
  ];
  const plan = planRetention(backups, { recoveryWindowMs: 7 * DAY }, NOW);
  assert.deepEqual(kept(backups, { recoveryWindowMs: 7 * DAY }), [
    '2026-03-30',
    '2026-03-26',
    '2026-03-20',
    '2026-03-09',
  ]);
  assert.deepEqual(Object.fromEntries(plan.walBefore), { 1: '0/3000000', 2: 'A/0' });
});

test('WAL is needed from the oldest backup that stays, not the oldest in text', () => {
  const backups = [
    backup('2026-03-30T00:00:00Z', { startLsn: '10/0' }),
    backup('2026-03-29T00:00:00Z', { startLsn: '9/0' }),
    backup('2026-03-28T00:00:00Z', { startLsn: '8/0' }),
  ];
  assert.equal(planRetention(backups, { last: 2 }, NOW).walBefore.get('1'), '9/0');
});

test('with a recovery window WAL goes up to its beginning, although older backups stay', () => {
  const backups = [
    backup('2026-03-30T00:00:00Z', { startLsn: '0/9000000' }),
    backup('2026-03-20T00:00:00Z', { startLsn: '0/5000000' }),
    backup('2026-02-20T00:00:00Z', { startLsn: '0/1000000' }),
  ];
  const plan = planRetention(backups, { monthly: 3, recoveryWindowMs: 7 * DAY }, NOW);
  assert.deepEqual(
    plan.decisions.map(({ reasons }) => reasons.length > 0),
    [true, true, true],
  );
  assert.equal(plan.walBefore.get('1'), '0/5000000');
});
