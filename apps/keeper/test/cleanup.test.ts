import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Clock, HoldfastError, newId, parseSettings } from '@holdfast/core';
import type { CleanupRun } from '@holdfast/database/cleanup';
import { advisoryLockKey, sql } from '@holdfast/postgres';
import { eventually, testDatabase } from '@holdfast/testing';
import { pino } from 'pino';
import { openCleanupRecords } from '../src/cleanup/cleanup-record.ts';
import { startDailyCleanup } from '../src/cleanup/daily-cleanup.ts';
import { scheduleCleanup } from '../src/cleanup/schedule-cleanup.ts';

const BEGIN = Date.parse('2026-05-10T01:00:00Z');
const NOTHING: CleanupRun = { isHoldfast: true, dryRun: false, at: '', durationMs: 0, rows: 0, results: [] };

/** Time passes by sleeping, and only while `runs` allows it. */
function fastClock(runs: () => boolean) {
  const time = { now: BEGIN };
  const clock: Clock = {
    now: () => time.now,
    monotonic: () => time.now,
    sleep: async (ms, signal) => {
      await new Promise(resolve => setImmediate(resolve));
      if (runs()) time.now += ms;
      signal?.throwIfAborted();
    },
  };
  return { clock, time };
}

function records(t: TestContext) {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-cleanups-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'cleanups.ndjson');
  return { path, open: () => openCleanupRecords(path, () => undefined) };
}

function scheduled(t: TestContext, outcomes: readonly (CleanupRun | Error | undefined)[], file = records(t)) {
  const stop = new AbortController();
  const begun: string[] = [];
  const { clock, time } = fastClock(() => begun.length < outcomes.length);
  const lines = file.open();
  const schedule = scheduleCleanup({
    hour: '3',
    run: async () => {
      const outcome = outcomes[begun.length];
      begun.push(new Date(time.now).toISOString().slice(8, 16));
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
    file: lines,
    clock,
    signal: stop.signal,
    random: () => 0.5,
    onRecord: () => undefined,
  });
  t.after(async () => {
    stop.abort();
    await schedule.done;
  });
  const finished = () =>
    eventually(() => begun.length === outcomes.length && schedule.status.last !== null && schedule.status);
  return { begun, finished, lines };
}

test('cleans up once a day, within its hour', async t => {
  const { begun, finished } = scheduled(t, [NOTHING, NOTHING, NOTHING]);
  await finished();
  assert.deepEqual(begun, ['10T03:30', '11T03:30', '12T03:30']);
});

test('a failure is tried again, another cleaner is not waited for', async t => {
  const trouble = new HoldfastError('database_unavailable', 'it is down');
  const busy = new HoldfastError('lock_timeout', 'busy');
  const { begun, finished } = scheduled(t, [trouble, undefined, busy, NOTHING]);
  await finished();
  assert.deepEqual(begun, ['10T03:30', '10T03:45', '10T04:00', '11T03:30']);
});

test('what the last run came to is known after a restart', async t => {
  const file = records(t);
  const first = scheduled(
    t,
    [
      {
        ...NOTHING,
        durationMs: 12,
        results: [
          {
            name: 'sessions',
            table: 'sessions',
            what: 'sessions',
            action: 'deleted',
            retentionMs: 1,
            outcome: { kind: 'done', rows: 3, kept: 0 },
          },
          {
            name: 'users',
            table: 'users',
            what: 'users',
            action: 'deleted',
            retentionMs: 1,
            outcome: { kind: 'failed', rows: 1, reason: 'not this one' },
          },
        ],
      },
    ],
    file,
  );
  const { last } = await first.finished();
  await first.lines.flush();
  assert.deepEqual(last, {
    at: '2026-05-10T03:30:00.000Z',
    outcome: 'failed',
    durationMs: 12,
    rows: { sessions: 3, users: 1 },
    reason: 'users: not this one',
  });
  const second = scheduled(t, [], file);
  assert.deepEqual((await second.finished()).last, last);
});

test('the keeper removes what has expired, keeps what nobody said may go, and writes both down', async t => {
  const database = await testDatabase(t);
  const { pool } = database;
  const [user, deleted] = [newId(), newId()];
  await pool.execute(sql`
    insert into users (id, email, deleted_at) values (${user}, 'a@b', null), (${deleted}, 'c@d', '2020-01-01')
  `);
  await pool.execute(sql`
    insert into sessions (id, user_id, client_id, amr, expires_at) values (${newId()}, ${user}, 'web', '{pwd}', '2020-01-01')
  `);
  const { path: _, open } = records(t);
  const stop = new AbortController();
  const runs = { left: 2 };
  const { clock } = fastClock(() => runs.left > 0);
  const start = (values: Readonly<Record<string, string>>) =>
    startDailyCleanup({
      settings: parseSettings([{ origin: 'test', values }]).settings,
      database: {
        url: database.url,
        locate: () => false,
        probe: async () => undefined,
        close: async () => undefined,
      },
      clock,
      stopping: stop,
      cleanups: open(),
      logger: pino({ level: 'silent' }),
      tell: () => {
        runs.left = 0;
      },
    });
  const careful = start({});
  const first = await eventually(() => careful.status.last ?? undefined);
  assert.deepEqual([first.outcome, first.rows, first.reason], ['done', { sessions: 1 }, null]);
  const told = start({ HOLDFAST_CLEANUP_DELETED_RETENTION: '30d' });
  const second = await eventually(() =>
    told.status.last?.rows.deleted_users === 1 ? told.status.last : undefined,
  );
  assert.equal(second.outcome, 'done');
  stop.abort();
  await Promise.all([careful.done, told.done]);
  const entries = await pool.many(sql<{ actor: string; rows: object }>`
    select actor_type as actor, details -> 'rows' as rows from audit_log where action = 'cleanup.completed' order by position
  `);
  assert.deepEqual(
    entries.map(({ actor, rows }) => [actor, rows]),
    [
      ['system', { sessions: 1 }],
      ['system', { deleted_users: 1 }],
    ],
  );
});

test('of several keepers one cleans up', async t => {
  const database = await testDatabase(t);
  const stop = new AbortController();
  const { clock } = fastClock(() => true);
  await database.pool.connection(async connection => {
    await connection.query(sql`select pg_advisory_lock(${advisoryLockKey('holdfast:cleanup')}::bigint)`);
    const schedule = startDailyCleanup({
      settings: parseSettings([]).settings,
      database: {
        url: database.url,
        locate: () => false,
        probe: async () => undefined,
        close: async () => undefined,
      },
      clock,
      stopping: stop,
      cleanups: records(t).open(),
      logger: pino({ level: 'silent' }),
      tell: () => undefined,
    });
    const last = await eventually(() => schedule.status.last ?? undefined);
    assert.equal(last.outcome, 'busy');
    stop.abort();
    await schedule.done;
  });
});
