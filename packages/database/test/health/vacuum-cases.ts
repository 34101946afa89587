import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type Connection, sql } from '@holdfast/postgres';
import { eventually } from '../fixtures.ts';
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
import { ageWithResetWal } from './reset-wal.ts';
import { startStandbyOf } from './standby.ts';

/** Uses up transaction ids, one for each commit. */
async function burnTransactions(db: Connection, count: number): Promise<void> {
  await db.script(
    `do $$ begin for i in 1..${count} loop perform pg_current_xact_id(); commit; end loop; end $$`,
  );
}

/** Limits as shares of the two billion ids: the age itself is real. */
async function xidFires(t: TestContext): Promise<void> {
  const { url, db } = await openDatabase(t);
  await burnTransactions(db, 5_000);
  const { age } = await db.one(sql<{ age: number }>`select max(age(datfrozenxid)) as age from pg_database`);
  assert.ok(age >= 5_000);
  const limits = { warnPercent: 0.0001, criticalPercent: 99 };
  const report = await examine(url, 'xid-age', { limits });
  assert.ok((report.metrics.oldest_xid_age_xids ?? 0) >= age);
  await ageWithResetWal(t, '-x', async (aged, percent) => {
    const found = expectLevel(await examine(aged, 'xid-age'), percent >= 75 ? 'critical' : 'warn');
    assert.ok(Math.abs((found.metrics.xid_age_percent ?? 0) - percent) < 1, found.summary);
    assert.match(found.remedy ?? '', /vacuum \(freeze, verbose\) /);
  });
}

async function mxidFires(t: TestContext): Promise<void> {
  const { url, db, open } = await openDatabase(t);
  await db.script('create table shared (id int primary key); insert into shared values (1)');
  const other = await open();
  const before = (await examine(url, 'mxid-age')).metrics.oldest_mxid_age_mxids ?? 0;
  for (let made = 0; made < 3; made += 1) {
    await db.script('begin; select * from shared for share');
    await other.script('begin; select * from shared for share');
    await db.script('commit');
    await other.script('commit');
  }
  const after = (await examine(url, 'mxid-age')).metrics.oldest_mxid_age_mxids ?? 0;
  assert.ok(after >= before + 3, `${before} → ${after}`);
  await ageWithResetWal(t, '-m', async (aged, percent) => {
    const found = expectLevel(await examine(aged, 'mxid-age'), percent >= 75 ? 'critical' : 'warn');
    assert.ok(Math.abs((found.metrics.mxid_age_percent ?? 0) - percent) < 1, found.summary);
  });
}

/** The smallest autovacuum_freeze_max_age there is, and an open transaction that keeps everything from being frozen. */
async function freezeFires(t: TestContext): Promise<void> {
  const settings = { autovacuum_freeze_max_age: '100000', autovacuum: 'off' };
  const { url, db, cluster } = await openCluster(t, settings);
  const holder = await openSession(t, cluster.superuserUrl);
  await db.script('create table old (id int); insert into old values (1)');
  await holder.script('begin isolation level repeatable read; select 1');
  await burnTransactions(db, 115_000);
  const report = expectLevel(await examine(url, 'freeze-age'), 'warn');
  const { percent, xids, freezeMaxAge } = report.evidence[0] ?? {};
  assert.equal(freezeMaxAge, 100_000);
  assert.ok(Number(percent) >= 115 && Number(xids) >= 115_000, report.summary);
  await holder.script('rollback');
  await db.script('vacuum (freeze)');
  const after = await examine(url, 'freeze-age');
  assert.ok((after.metrics.oldest_table_freeze_share_percent ?? 100) < 10, after.summary);
}

async function horizonFires(t: TestContext): Promise<void> {
  const { url, db, cluster, home } = await openCluster(t, { max_prepared_transactions: '5' });
  const limits = { warnTransactions: 50, criticalTransactions: 1_000_000 };
  const horizon = () => examine(url, 'xmin-horizon', { limits });
  expectLevel(await horizon(), 'ok');
  await vacuumIsNoHolder(t, url, db, horizon);
  const backend = await openSession(t, cluster.superuserUrl);
  await backend.script('begin isolation level repeatable read; select 1');
  await burnTransactions(db, 60);
  const byBackend = expectLevel(await horizon(), 'warn');
  assert.match(byBackend.summary, new RegExp(`by the backend pid ${backend.processId}$`));
  assert.equal(byBackend.remedy, `select pg_terminate_backend(${backend.processId});`);
  await backend.script('rollback');
  expectLevel(await horizon(), 'ok');

  await db.script(`begin; create table two_phase (id int); prepare transaction 'forgotten'`);
  await burnTransactions(db, 60);
  assert.match(expectLevel(await horizon(), 'warn').summary, /by the prepared transaction forgotten$/);
  await db.script(`rollback prepared 'forgotten'`);
  expectLevel(await horizon(), 'ok');
  await horizonOfStandby(t, { db, home, dataDir: cluster.dataDir, horizon });
}

/** A vacuum takes long and has a snapshot, but neither holds others back nor is it a transaction to complain about. */
async function vacuumIsNoHolder(
  t: TestContext,
  url: string,
  db: Connection,
  horizon: () => ReturnType<typeof examine>,
): Promise<void> {
  await db.script('create table slow as select n from generate_series(1, 100000) n; delete from slow');
  const vacuum = await openSession(t, url);
  await vacuum.script('set vacuum_cost_delay = 100; set vacuum_cost_limit = 1');
  const vacuuming = vacuum.query(sql`vacuum slow`).catch(() => undefined);
  await eventually('it vacuums', () =>
    db.maybeOne(sql`select 1 from pg_stat_progress_vacuum where pid = ${vacuum.processId}`),
  );
  await burnTransactions(db, 60);
  expectLevel(await horizon(), 'ok');
  for (const id of ['oldest-transaction', 'long-query']) {
    const { level, evidence } = await examine(url, id, { limits: { warnSeconds: 0.0001 } });
    assert.ok(level === 'ok' || evidence.every(({ pid }) => pid !== vacuum.processId), id);
  }
  await db.query(sql`select pg_cancel_backend(${vacuum.processId})`);
  await vacuuming;
}

/** A standby with feedback holds the horizon itself; through a slot, and when it is gone, the slot does. */
async function horizonOfStandby(
  t: TestContext,
  {
    db,
    home,
    dataDir,
    horizon,
  }: { db: Connection; home: string; dataDir: string; horizon: () => ReturnType<typeof examine> },
): Promise<void> {
  const standby = await startStandbyOf(t, { db, home, dataDir, name: 'reporting' });
  const reader = await openSession(t, standby.url);
  await reader.script('begin isolation level repeatable read; select count(*) from pg_class');
  await burnTransactions(db, 60);
  const byStandby = await eventually('the feedback of the standby arrives', async () => {
    const found = await horizon();
    return found.level === 'warn' ? found : undefined;
  });
  assert.match(byStandby.summary, /by the standby reporting$/);
  await reader.script('rollback');
  await standby.useSlot('left_behind');
  await eventually('the slot holds what the standby needs', async () => {
    const row = await db.maybeOne(sql`select 1 from pg_replication_slots where xmin is not null`);
    return row;
  });
  await standby.stop();
  await burnTransactions(db, 60);
  const bySlot = expectLevel(await horizon(), 'warn');
  assert.match(bySlot.summary, /by the slot left_behind$/);
  assert.match(bySlot.remedy ?? '', /pg_drop_replication_slot\('left_behind'\)/);
}

async function deadRowsFire(t: TestContext): Promise<void> {
  const { url, db } = await openDatabase(t);
  await db.script(`create table churned (id int) with (autovacuum_enabled = off);
    insert into churned select generate_series(1, 30000); delete from churned where id <= 12000`);
  await flushStatistics(db);
  const report = await eventually('the dead rows are counted', async () => {
    const found = await examine(url, 'dead-tuples');
    return found.level === 'ok' ? undefined : found;
  });
  assert.equal(expectLevel(report, 'warn').summary, '1 table; public.churned has 12,000 (40 %)');
  await db.script('vacuum churned');
  await flushStatistics(db);
  await eventually('vacuum has cleared them', async () => {
    return (await examine(url, 'dead-tuples')).level === 'ok' || undefined;
  });
}

async function autovacuumFires(t: TestContext): Promise<void> {
  const { url, db } = await openCluster(t, { autovacuum_naptime: '1h' });
  await db.script(`create table neglected (id int); insert into neglected select generate_series(1, 1000)`);
  await db.script('vacuum neglected');
  await db.script('delete from neglected where id <= 500');
  await flushStatistics(db);
  const report = await eventually('the dead rows are counted', async () => {
    const found = await examine(url, 'autovacuum', { limits: { warnDays: 0.000001 } });
    return found.level === 'ok' ? undefined : found;
  });
  expectLevel(report, 'warn');
  assert.deepEqual([report.evidence[0]?.table, report.evidence[0]?.deadRows], ['public.neglected', 500]);
  expectLevel(await examine(url, 'autovacuum'), 'ok');
  await db.query(sql`alter system set autovacuum = off`);
  await db.query(sql`select pg_reload_conf()`);
  const off = await eventually('the setting is loaded', async () => {
    const found = await examine(url, 'autovacuum');
    return found.level === 'ok' ? undefined : found;
  });
  assert.equal(
    expectLevel(off, 'critical').summary,
    'it is switched off for the whole server: autovacuum = off',
  );
}

async function neverAnalyzedFires(t: TestContext): Promise<void> {
  const { url, db } = await openDatabase(t);
  await db.script(`create table loaded (id int) with (autovacuum_enabled = off);
    insert into loaded select generate_series(1, 2000)`);
  await flushStatistics(db);
  const report = await eventually('the rows are counted', async () => {
    const found = await examine(url, 'never-analyzed');
    return found.level === 'ok' ? undefined : found;
  });
  assert.equal(expectLevel(report, 'warn').remedy, 'analyze (verbose) public.loaded;');
  await db.script('analyze loaded');
  expectLevel(await examine(url, 'never-analyzed'), 'ok');
}

async function disabledFires(t: TestContext): Promise<void> {
  const { url, db } = await openDatabase(t);
  await db.script(`create schema "Odd"; create table "Odd"."Ta ble" (id int, note text) with (autovacuum_enabled = 'false');
    create table public.toasted (note text) with (toast.autovacuum_enabled = off)`);
  const report = expectLevel(await examine(url, 'autovacuum-disabled'), 'warn');
  assert.deepEqual(report.evidence.map(({ table, parameter }) => [table, parameter]).toSorted(), [
    ['"Odd"."Ta ble"', 'autovacuum_enabled'],
    ['public.toasted', 'toast.autovacuum_enabled'],
  ]);
  await db.script(report.remedy ?? '');
  expectLevel(await examine(url, 'autovacuum-disabled'), 'ok');
}

/** A table of which nine of ten rows were deleted, and vacuumed: the space stays. */
async function makeBloat(db: Connection): Promise<void> {
  await db.script(`create table swollen (id int, a bool, b bigint, note text) with (autovacuum_enabled = off);
    insert into swollen select n, true, n, repeat('x', 150) from generate_series(1, 60000) n;
    create index swollen_id on swollen (id)`);
  await db.script('delete from swollen where id % 10 <> 0');
  await db.script('vacuum (analyze) swollen');
}

const SMALL_BLOAT = { minBytes: 524_288 };

async function tableBloatFires(t: TestContext): Promise<void> {
  const { url, db } = await openDatabase(t);
  await makeBloat(db);
  const estimated = expectLevel(await examine(url, 'table-bloat', { limits: SMALL_BLOAT }), 'critical');
  assert.deepEqual(
    [estimated.evidence[0]?.relation, estimated.evidence[0]?.method],
    ['public.swollen', 'estimated'],
  );
  await db.script('create schema tools; create extension pgstattuple schema tools');
  const measured = expectLevel(await examine(url, 'table-bloat', { limits: SMALL_BLOAT }), 'critical');
  assert.deepEqual(
    [measured.evidence[0]?.relation, measured.evidence[0]?.method],
    ['public.swollen', 'measured'],
  );
  const [guess, truth] = [estimated, measured].map(({ evidence }) => Number(evidence[0]?.percent));
  assert.ok(Math.abs((guess ?? 0) - (truth ?? 100)) <= 5, `estimated ${guess} %, measured ${truth} %`);
  await db.script('vacuum full swollen');
  await db.script('analyze swollen');
  expectLevel(await examine(url, 'table-bloat', { limits: SMALL_BLOAT }), 'ok');
}

async function indexBloatFires(t: TestContext): Promise<void> {
  const { url, db } = await openDatabase(t);
  await makeBloat(db);
  const estimated = expectLevel(await examine(url, 'index-bloat', { limits: SMALL_BLOAT }), 'critical');
  assert.deepEqual(
    [estimated.evidence[0]?.relation, estimated.evidence[0]?.method],
    ['public.swollen_id', 'estimated'],
  );
  assert.equal(estimated.remedy, 'reindex index concurrently public.swollen_id;');
  await db.script('create extension pgstattuple');
  const measured = expectLevel(await examine(url, 'index-bloat', { limits: SMALL_BLOAT }), 'critical');
  assert.equal(measured.evidence[0]?.method, 'measured');
  await db.script('reindex index concurrently public.swollen_id');
  expectLevel(await examine(url, 'index-bloat', { limits: SMALL_BLOAT }), 'ok');
}

/** Tables and indexes of many shapes, freshly written: none of them is bloated by one percent more than it may. */
async function bloatQuiet(t: TestContext, id: 'table-bloat' | 'index-bloat'): Promise<void> {
  const { url, db } = await openDatabase(t);
  await db.script(`
    create table narrow as select n as id from generate_series(1, 40000) n;
    create table padded as select true as a, n::int8 as b, false as c, now() as d, true as e from generate_series(1, 40000) n;
    create table texts as select repeat('x', n % 60) as a, n as b, repeat('y', n % 300) as c from generate_series(1, 40000) n;
    create table nulls as select case when n % 3 = 0 then n end as a, case when n % 2 = 0 then 'word' end as b, n::int8 as c from generate_series(1, 40000) n;
    create table airy (id int, b text) with (fillfactor = 50);
    insert into airy select n, 'word' from generate_series(1, 40000) n;
    create index on narrow (id); create index on padded (b, d); create index on texts (c, b); create index on nulls (a);
    create index on nulls (lower(b), c);
    create index on texts (b) with (fillfactor = 40);
    create index on texts (b) where b > 20000;
    analyze`);
  const limits = { minBytes: 8_192, warnPercent: 12, criticalPercent: 50 };
  const report = await examine(url, id, { limits });
  expectLevel(report, 'ok');
  assert.match(report.summary, /^none of (5 large tables|7 large indexes)$/);
}

export const VACUUM_CASES: readonly HealthCase[] = [
  { number: 17, fires: xidFires, quiet: quietOnHoldfast('xid-age') },
  { number: 18, fires: mxidFires, quiet: quietOnHoldfast('mxid-age') },
  { number: 19, fires: freezeFires, quiet: quietOnHoldfast('freeze-age') },
  { number: 20, fires: horizonFires, quiet: quietOnHoldfast('xmin-horizon') },
  { number: 21, fires: deadRowsFire, quiet: quietOnHoldfast('dead-tuples') },
  { number: 22, fires: autovacuumFires, quiet: quietOnHoldfast('autovacuum') },
  { number: 23, fires: neverAnalyzedFires, quiet: quietOnHoldfast('never-analyzed') },
  { number: 24, fires: disabledFires, quiet: quietOnHoldfast('autovacuum-disabled') },
  { number: 25, fires: tableBloatFires, quiet: t => bloatQuiet(t, 'table-bloat') },
  { number: 26, fires: indexBloatFires, quiet: t => bloatQuiet(t, 'index-bloat') },
];
