import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Clock } from '@holdfast/core';
import type { BackupPlan, BackupRun, PlaceOutcome } from '../src/backups/backup-plan.ts';
import { lastRuns, openRunRecords, type RunRecord, readRuns } from '../src/backups/run-record.ts';
import { scheduleBackups } from '../src/backups/schedule-backups.ts';
import { openIncidents } from '../src/records/incidents.ts';

const HOUR = 3_600_000;
const START = Date.parse('2026-05-10T00:00:00Z');

/** Time that passes as fast as it is slept, and stops everything at its end. */
function fastClock(hours: number): { clock: Clock; signal: AbortSignal } {
  let now = START;
  const stop = new AbortController();
  const sleep = async (ms: number): Promise<void> => {
    now += ms;
    if (now >= START + hours * HOUR) stop.abort();
    await new Promise(resolve => setImmediate(resolve));
  };
  return { clock: { now: () => now, monotonic: () => now, sleep }, signal: stop.signal };
}

async function runFor(
  t: TestContext,
  hours: number,
  plan: Partial<BackupPlan>,
  changes: {
    readonly ready?: () => boolean;
    readonly backup?: number | 'off';
    readonly neededSince?: () => string | undefined;
  } = {},
) {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-backups-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const { clock, signal } = fastClock(hours);
  const incidents = await openIncidents({ path: join(dir, 'incidents.ndjson'), clock });
  const path = join(dir, 'backups.ndjson');
  const records: RunRecord[] = [];
  const file = openRunRecords(path, () => assert.fail('a record could not be written'));
  const schedule = scheduleBackups({
    plan: { make: good('b'), drill: good('b'), facts: async () => [], ...plan },
    intervals: { backup: changes.backup ?? 24 * HOUR, drill: 168 * HOUR },
    isReady: changes.ready ?? (() => true),
    ...(changes.neededSince === undefined ? {} : { neededSince: changes.neededSince }),
    file,
    incidents,
    clock,
    signal,
    random: () => 0,
    onRecord: record => records.push(record),
  });
  await schedule.done;
  await file.flush();
  const count = (kind: string) => records.filter(record => record.kind === kind).length;
  return { schedule, incidents, records, path, count };
}

const good = (backup: string) => async () => ({ backup, trouble: null, places: [] });

test('a backup each day, a drill once there is one and then each week', async t => {
  const { count, records, path, incidents } = await runFor(t, 15 * 24, {});
  assert.equal(count('backup'), 15);
  assert.equal(count('drill'), 3);
  assert.equal(records[0]?.kind, 'backup');
  const kept = await readRuns(path);
  assert.equal(kept.backup.lastGood?.backup, 'b');
  assert.deepEqual(incidents.list(10), []);
});

test('a backup is made at once when none leads any further, and then each day again', async t => {
  const needed = await runFor(t, 60, {}, { neededSince: () => new Date(START - HOUR).toISOString() });
  const at = needed.records.filter(({ kind }) => kind === 'backup').map(record => Date.parse(record.at));
  assert.equal(at[0], START);
  assert.equal(at.length, 3);
  const met = await runFor(t, 60, {}, { neededSince: () => undefined });
  assert.ok(Date.parse(met.records[0]?.at ?? '') > START);
});

test('failures are tried again, become an incident after two intervals, and that ends with a good run', async t => {
  let attempts = 0;
  const failing = async () => {
    attempts += 1;
    throw new Error('no space left');
  };
  const bad = await runFor(t, 60, { make: failing });
  assert.ok(bad.count('backup') > 50, `${bad.count('backup')} attempts`);
  const open = bad.incidents.openIncident('backup');
  assert.equal(open?.kind, 'overdue');
  assert.match(
    open?.reason ?? '',
    /no good backup since the keeper was started; the last attempt: no space left/,
  );
  assert.equal(bad.count('drill'), 0);

  const enough = attempts;
  attempts = 0;
  const mended = await runFor(t, 80, { make: () => (attempts > enough ? good('b')() : failing()) });
  const incidents = mended.incidents.list(10).filter(({ part }) => part === 'backup');
  assert.equal(incidents.length, 1);
  assert.notEqual(incidents[0]?.recoveredAt, null);
});

test('without a database nothing is tried and nothing fails, and off is never', async t => {
  const away = await runFor(t, 40, {}, { ready: () => false });
  assert.deepEqual(away.records, []);
  assert.equal(away.incidents.openIncident('backup'), undefined);
  const off = await runFor(t, 100, {}, { backup: 'off' });
  assert.deepEqual([off.count('backup'), off.schedule.status.nextBackupAt], [0, null]);
});

test('each destination has its own last good run; one that failed before it came so far failed everywhere', async t => {
  const runs: BackupRun[] = [
    { backup: 'a', trouble: null, places: [place('/b', false, 10), place('s3://c', false, 10)] },
    { backup: 'b', trouble: 's3://c is away', places: [place('/b', false, 20), place('s3://c', true, null)] },
  ];
  let made = 0;
  const make = async (): Promise<BackupRun> => {
    const run = runs[made];
    made += 1;
    if (run === undefined) throw new Error('no pg_dump');
    return run;
  };
  const { schedule, records } = await runFor(t, 30, { make });
  assert.ok(made > 2);
  const both = records.filter(({ kind }) => kind === 'backup').slice(0, 2);
  const [first, second] = both;
  assert.deepEqual(lastRuns(both).backup.places, [
    { destination: '/b', failed: false, lastGoodAt: second?.at, bytes: 20 },
    { destination: 's3://c', failed: true, lastGoodAt: first?.at, bytes: 10 },
  ]);
  assert.deepEqual(
    schedule.status.backup.places.map(({ failed, bytes }) => [failed, bytes]),
    [
      [true, 20],
      [true, 10],
    ],
  );
});

function place(destination: string, failed: boolean, bytes: number | null): PlaceOutcome {
  return { destination, failed, bytes };
}
