import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { EntryReport, StoredSample } from '@holdfast/database/health';
import { type Connection, sql } from '@holdfast/postgres';
import { emptyDatabase, testDatabase } from '@holdfast/testing';
import { eventually, waitsForLock } from '../fixtures.ts';
import {
  examine,
  expectLevel,
  flushStatistics,
  type HealthCase,
  openCluster,
  openDatabase,
  openSession,
  quietOnHoldfast,
} from './examine.ts';

const SMALL = { max_connections: '10', superuser_reserved_connections: '2', max_locks_per_transaction: '10' };

async function connectionsFire(t: TestContext): Promise<void> {
  const { url, db } = await openCluster(t, SMALL);
  const others = await Promise.all(Array.from({ length: 4 }, () => openSession(t, url)));
  assert.equal(others.length, 4);
  const report = expectLevel(await examine(url, 'connections'), 'warn');
  assert.equal(report.summary, '6 of 8 connections (75 %)');
  await openSession(t, url);
  await openSession(t, url);
  assert.equal(expectLevel(await examine(url, 'connections'), 'critical').metrics.connections_used, 8);
  await openSession(t, url);
  await allTaken(url, db);
  await roleLimitFires(t);
}

/** The server has room, the role has none. */
async function roleLimitFires(t: TestContext): Promise<void> {
  const { cluster: roomy, db } = await openCluster(t, { max_connections: '50' });
  await db.script(`create role few login connection limit 1 password 'few'`);
  const asFew = new URL(roomy.superuserUrl);
  asFew.username = 'few';
  asFew.password = 'few';
  await openSession(t, asFew.href);
  const report = expectLevel(await examine(roomy.superuserUrl, 'connections'), 'critical');
  assert.equal(report.summary, '1 of 1 connections of role few (100 %)');
}

/** With the last ordinary connection taken, that is what connectivity and connections say. */
async function allTaken(url: string, db: Connection): Promise<void> {
  await db.script(`create role plain login password 'plain'`);
  const asPlain = new URL(url);
  asPlain.username = 'plain';
  asPlain.password = 'plain';
  const report = await examine(asPlain.href, 'connections');
  assert.equal(report.level, 'critical');
  assert.match(report.summary, /reserved for/);
}

const POOL_FACTS = { max: 10, size: 10, checkedIn: 0, checkedOut: 10, waiting: 3 };

async function appPoolFires(t: TestContext): Promise<void> {
  const { url } = await openDatabase(t);
  const report = await examine(url, 'app-pool', { sources: { pool: POOL_FACTS } });
  assert.equal(expectLevel(report, 'warn').summary, '10 of 10 in use, 3 waiting');
  const without = await examine(url, 'app-pool');
  assert.match(expectLevel(without, 'skipped').summary, /no API server told about its pool/);
}

async function idleFires(t: TestContext): Promise<void> {
  const { url, db } = await openDatabase(t);
  await db.script('begin; create table left_open (id int)');
  const report = await examine(url, 'idle-in-transaction', { limits: { warnSeconds: 0.001 } });
  expectLevel(report, 'warn');
  const own = report.evidence.find(({ pid }) => pid === db.processId);
  assert.equal(own?.state, 'idle in transaction');
  assert.match(String(own?.query), /left_open/);
}

async function oldestFires(t: TestContext): Promise<void> {
  const { url, db } = await openDatabase(t);
  await db.script('begin; select 1');
  const limits = { warnSeconds: 0.001, criticalSeconds: 0.002 };
  const report = expectLevel(await examine(url, 'oldest-transaction', { limits }), 'critical');
  assert.ok(report.evidence.some(({ pid }) => pid === db.processId));
}

async function longQueryFires(t: TestContext): Promise<void> {
  const { url, open } = await openDatabase(t);
  const busy = await open();
  const sleeping = busy.query(sql`select pg_sleep(60)`).catch(() => undefined);
  const report = await eventually('the query is seen', async () => {
    const found = await examine(url, 'long-query', { limits: { warnSeconds: 0.001 } });
    return found.evidence.some(({ pid }) => pid === busy.processId) ? found : undefined;
  });
  expectLevel(report, 'warn');
  const control = await open();
  await control.query(sql`select pg_cancel_backend(${busy.processId})`);
  await sleeping;
}

async function blockedFires(t: TestContext): Promise<void> {
  const { url, db, open } = await openDatabase(t);
  const [root, second, third] = [await open(), await open(), await open()];
  await db.script('create table locked (id int)');
  await root.script('begin; lock table locked in access exclusive mode');
  const waiting = [
    second.script('begin; /* second */ lock table locked in access exclusive mode'),
    waitsForLock(db, 'second').then(() => third.script('/* third */ select * from locked')),
  ].map(one => one.catch(() => undefined));
  await waitsForLock(db, 'third');
  const report = await examine(url, 'blocked-sessions', { limits: { warnSeconds: 0.001 } });
  expectLevel(report, 'warn');
  assert.match(
    report.summary,
    new RegExp(
      `^2 sessions wait, .*; at the root pid ${root.processId}, idle in transaction: begin; lock table`,
    ),
  );
  const [first, ...others] = report.evidence;
  assert.deepEqual([first?.role, first?.pid, first?.blocks], ['root', root.processId, 2]);
  assert.deepEqual(
    others.map(({ role, pid, target }) => [role, pid, target]),
    [
      ['waits', second.processId, 'relation public.locked'],
      ['waits', third.processId, 'relation public.locked'],
      ['holds', root.processId, 'relation public.locked'],
    ],
  );
  await root.script('rollback');
  await second.script('rollback');
  await Promise.all(waiting);
  await lockoutFires(url, root);
}

/** Whoever needs the table has given up, so that nobody waits. */
async function lockoutFires(url: string, holder: Connection): Promise<void> {
  await holder.script(`create table whole (id int) partition by list (id);
    create table part partition of whole for values in (1)`);
  await holder.script('begin; lock table whole in access exclusive mode');
  const report = expectLevel(
    await examine(url, 'blocked-sessions', { limits: { warnSeconds: 0.001 } }),
    'warn',
  );
  assert.match(
    report.summary,
    new RegExp(
      `^everybody is kept out of public\\.whole and 1 more table by pid ${holder.processId}, idle in transaction: begin; lock table .*, its transaction open for `,
    ),
  );
  assert.deepEqual(
    report.evidence.map(({ role, pid, target, tables }) => [role, pid, target, tables]),
    [['holds', holder.processId, 'relation public.whole', 2]],
  );
  assert.match(report.remedy ?? '', new RegExp(`pg_terminate_backend\\(${holder.processId}\\)`));
  const young = expectLevel(await examine(url, 'blocked-sessions'), 'ok');
  assert.equal(young.summary, 'nobody waits for a lock');
  await holder.script('rollback');
}

async function lockTableFires(t: TestContext): Promise<void> {
  const { url, db } = await openCluster(t, SMALL);
  const { capacity } = await db.one(sql<{ capacity: number }>`
    select sum(setting::int)::int * 10 as capacity from pg_settings
    where name in ('max_connections', 'max_worker_processes', 'max_wal_senders', 'autovacuum_worker_slots', 'max_prepared_transactions')`);
  await db.query(sql`select pg_advisory_lock(n) from generate_series(1, ${Math.ceil(capacity / 4)}) n`);
  const report = expectLevel(await examine(url, 'lock-table'), 'warn');
  assert.equal(report.evidence[0]?.pid, db.processId);
}

/** Two sessions lock two rows in different orders; PostgreSQL ends one of them. */
async function deadlock(open: () => Promise<Connection>): Promise<void> {
  const [left, right] = [await open(), await open()];
  await left.script(
    `set deadlock_timeout = '50ms'; create table pair (id int primary key); insert into pair values (1), (2)`,
  );
  await left.script('begin; update pair set id = id where id = 1');
  await right.script(`set deadlock_timeout = '50ms'; begin; update pair set id = id where id = 2`);
  const outcomes = await Promise.allSettled([
    left.script('update pair set id = id where id = 2'),
    right.script('update pair set id = id where id = 1'),
  ]);
  assert.equal(outcomes.filter(({ status }) => status === 'rejected').length, 1);
  for (const session of [left, right]) {
    await session.script('rollback');
    await flushStatistics(session);
  }
}

async function deadlocksFire(t: TestContext): Promise<void> {
  const { url, open } = await openDatabase(t);
  await deadlock(open);
  const report = await eventually('the deadlock is counted', async () => {
    const found = await examine(url, 'deadlocks');
    return found.level === 'ok' ? undefined : found;
  });
  assert.match(expectLevel(report, 'warn').summary, /^1 deadlock /);
  const anHourAgo = sampleOf('deadlocks', { deadlocks_total: 1 });
  const since = await examine(url, 'deadlocks', { sources: { samples: [anHourAgo] } });
  assert.equal(expectLevel(since, 'ok').summary, '0 deadlocks in the last 60 min');
}

function sampleOf(entry: string, metrics: Readonly<Record<string, number>>): StoredSample {
  return { at: new Date(Date.now() - 3_600_000).toISOString(), metrics: { [entry]: metrics } };
}

async function preparedFires(t: TestContext): Promise<void> {
  const { url, db } = await openCluster(t, { max_prepared_transactions: '5' });
  expectLevel(await examine(url, 'prepared-transactions'), 'ok');
  await db.script(`begin; create table prepared_here (id int)`);
  await db.script(`prepare transaction 'it''s left'`);
  const report = expectLevel(
    await examine(url, 'prepared-transactions', { limits: { warnSeconds: 0.001 } }),
    'warn',
  );
  assert.deepEqual([report.evidence[0]?.gid, report.evidence[0]?.database], ["it's left", 'postgres']);
  assert.match(report.remedy ?? '', /rollback prepared 'it''s left';/);
  await db.script(`rollback prepared 'it''s left'`);
}

async function rollbacksFire(t: TestContext): Promise<void> {
  const { url, db } = await openDatabase(t);
  await db.script('do $$ begin for i in 1..1500 loop perform 1; rollback; end loop; end $$');
  await flushStatistics(db);
  const report = await eventually('the rollbacks are counted', async () => {
    const found = await examine(url, 'rollback-ratio');
    return found.level === 'ok' ? undefined : found;
  });
  expectLevel(report, 'critical');
  assert.ok(Number(report.evidence[0]?.rolledBack) >= 1500);
}

async function rollbacksQuiet(t: TestContext): Promise<void> {
  const { url, db } = await openDatabase(t);
  await db.script('do $$ begin for i in 1..1500 loop perform 1; commit; end loop; end $$');
  await flushStatistics(db);
  const report = await eventually('the commits are counted', async () => {
    const found = await examine(url, 'rollback-ratio');
    return found.summary.startsWith('too few') ? undefined : found;
  });
  expectLevel(report, 'ok');
}

async function tempFilesFire(t: TestContext): Promise<void> {
  const { url, db } = await openDatabase(t);
  await db.script(
    `set work_mem = '64kB'; select count(*) from (select n from generate_series(1, 300000) n order by -n) s`,
  );
  await flushStatistics(db);
  const report: EntryReport = await eventually('the files are counted', async () => {
    const found = await examine(url, 'temp-files', { limits: { warnBytesPerDay: 1_000_000 } });
    return found.level === 'ok' ? undefined : found;
  });
  expectLevel(report, 'warn');
  assert.ok((report.metrics.temp_files_total ?? 0) >= 1);
}

/** Sessions of others that cannot be seen are said to be so, and the grant that is named helps. */
async function hiddenQuiet(t: TestContext, id: string): Promise<void> {
  const { superuserUrl, url, pool } = await testDatabase(t);
  await pool.one(sql`select 1 as warm`);
  expectLevel(
    await examine(superuserUrl, id, { limits: { warnSeconds: 3_000, criticalSeconds: 4_000 } }),
    'ok',
  );
  await openSession(t, superuserUrl);
  const blind = expectLevel(
    await examine(url, id, { limits: { warnSeconds: 3_000, criticalSeconds: 4_000 } }),
    'skipped',
  );
  assert.match(blind.summary, /cannot be seen; grant pg_monitor to "holdfast_app";$/);
}

async function grantHelps(t: TestContext): Promise<void> {
  const { url, db } = await openCluster(t);
  await db.script(`create role watcher login password 'watcher'`);
  const asWatcher = new URL(url);
  asWatcher.username = 'watcher';
  asWatcher.password = 'watcher';
  const blind = expectLevel(await examine(asWatcher.href, 'idle-in-transaction'), 'skipped');
  const grant = /grant .*;$/.exec(blind.summary)?.[0] ?? assert.fail(blind.summary);
  await db.script(grant);
  expectLevel(await examine(asWatcher.href, 'idle-in-transaction'), 'ok');
}

async function appPoolQuiet(t: TestContext): Promise<void> {
  const { url } = await emptyDatabase(t);
  const pool = { ...POOL_FACTS, checkedOut: 2, checkedIn: 8, waiting: 0 };
  expectLevel(await examine(url, 'app-pool', { sources: { pool } }), 'ok');
}

async function blockedQuiet(t: TestContext): Promise<void> {
  const { url, open } = await openDatabase(t);
  const holder = await open();
  await holder.script('begin; create table held (id int)');
  const limits = { warnSeconds: 0.001 };
  const report = expectLevel(await examine(url, 'blocked-sessions', { limits }), 'ok');
  assert.equal(report.metrics.blocked_sessions, 0);
  // only itself sees the table that it has made, and a lock that lets readers in keeps nobody out
  await holder.script(
    'commit; begin; lock table held in exclusive mode; lock table pg_description in access exclusive mode',
  );
  const shared = expectLevel(await examine(url, 'blocked-sessions', { limits }), 'ok');
  assert.deepEqual(shared.evidence, []);
}

export const POOL_CASES: readonly HealthCase[] = [
  { number: 6, fires: connectionsFire, quiet: quietOnHoldfast('connections') },
  { number: 7, fires: appPoolFires, quiet: appPoolQuiet },
  {
    number: 8,
    fires: idleFires,
    quiet: async t => {
      await hiddenQuiet(t, 'idle-in-transaction');
      await grantHelps(t);
    },
  },
  { number: 9, fires: oldestFires, quiet: t => hiddenQuiet(t, 'oldest-transaction') },
  { number: 10, fires: longQueryFires, quiet: t => hiddenQuiet(t, 'long-query') },
  { number: 11, fires: blockedFires, quiet: blockedQuiet },
  { number: 12, fires: lockTableFires, quiet: quietOnHoldfast('lock-table') },
  { number: 13, fires: deadlocksFire, quiet: quietOnHoldfast('deadlocks') },
  { number: 14, fires: preparedFires, quiet: quietOnHoldfast('prepared-transactions') },
  { number: 15, fires: rollbacksFire, quiet: rollbacksQuiet },
  { number: 16, fires: tempFilesFire, quiet: quietOnHoldfast('temp-files') },
];
