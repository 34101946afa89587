import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import {
  CATALOGUE,
  defineEntry,
  type HealthEntry,
  type HealthReading,
  type HealthReport,
  runHealth,
} from '@holdfast/database/health';
import { type Queryable, sql } from '@holdfast/postgres';
import { emptyDatabase, testDatabase } from '@holdfast/testing';
import { eventually } from './fixtures.ts';
import { openCluster, openDatabase, openSession } from './health/examine.ts';
import { installedVersions, startSystemPostgres } from './system-postgres.ts';

/** An entry that does something to the database and is otherwise fine. */
function entry(
  number: number,
  id: string,
  work: (db: Queryable, budgetMs: number) => Promise<unknown>,
  quick = true,
): HealthEntry {
  return defineEntry({
    ...{ number, id, quick, area: 'pool', title: id, meaning: `${id}.`, thresholds: { warn: 1 } },
    check: async ({ db, budgetMs }): Promise<HealthReading> => {
      await work(db, budgetMs);
      return { level: 'ok', summary: 'fine' };
    },
  });
}

const fine = (number: number): HealthEntry => entry(number, `fine-${number}`, db => db.one(sql`select 1`));

function levels({ entries }: HealthReport): Record<string, string> {
  return Object.fromEntries(entries.map(({ id, level }) => [id, level]));
}

function summaryOf({ entries }: HealthReport, id: string): string {
  return entries.find(one => one.id === id)?.summary ?? assert.fail(`no entry ${id}`);
}

describe('each entry is alone', () => {
  it('one that throws, is denied, too slow or writes hides none of the others', async t => {
    const { url, pool } = await testDatabase(t);
    await pool.one(sql`select 1 as warm`);
    const entries = [
      entry(1, 'throws', () => Promise.reject(new Error('the entry is broken'))),
      entry(2, 'denied', db => db.many(sql`select * from pg_authid`)),
      entry(3, 'slow', db => db.query(sql`select pg_sleep(60)`), false),
      entry(4, 'writes', db => db.query(sql`create table public.never (id int)`)),
      entry(5, 'wrong', db => db.query(sql`select nonsense`)),
      fine(6),
    ];
    const report = await runHealth({ url, entries, budgetMs: 700 });
    assert.deepEqual(levels(report), {
      ...{ throws: 'skipped', denied: 'skipped', slow: 'skipped', writes: 'skipped', wrong: 'skipped' },
      'fine-6': 'ok',
    });
    assert.equal(summaryOf(report, 'throws'), 'the entry is broken');
    assert.match(
      summaryOf(report, 'denied'),
      /permission denied .*; try: grant pg_monitor to "holdfast_app"$/,
    );
    assert.match(summaryOf(report, 'slow'), /^it took longer than its share of the time/);
    assert.match(summaryOf(report, 'writes'), /read-only transaction/);
    assert.equal(report.overall_status, 'ok');
  });

  it('quick ones come first, and what gets no turn says why', async t => {
    const { url } = await testDatabase(t);
    const order: number[] = [];
    const note = (number: number, quick: boolean): HealthEntry =>
      entry(number, `note-${number}`, async () => order.push(number), quick);
    const sleeper = entry(4, 'sleeper', db => db.query(sql`select pg_sleep(60)`), false);
    const entries = [note(1, false), note(2, true), note(3, true), sleeper, note(5, false)];
    const report = await runHealth({ url, entries, budgetMs: 900 });
    assert.deepEqual(order, [2, 3, 1, 5]);
    assert.deepEqual(
      report.entries.map(({ number }) => number),
      [1, 2, 3, 4, 5],
    );
    const starved = await runHealth({ url, entries: [sleeper, note(5, false)], budgetMs: 200 });
    assert.match(summaryOf(starved, 'note-5'), /was used up before its turn/);
  });

  it('a slow one gets an eighth of what is left while many wait, and all it needs in a full examination', async t => {
    const { url } = await testDatabase(t);
    const budgets: number[] = [];
    const noting = Array.from({ length: 12 }, (_, index) =>
      entry(index + 1, `noting-${index}`, async (_db, budgetMs) => budgets.push(budgetMs), false),
    );
    await runHealth({ url, entries: noting, budgetMs: 80_000 });
    assert.ok(
      budgets.slice(0, 5).every(budget => budget > 9_000 && budget <= 10_000),
      String(budgets),
    );
    assert.ok((budgets.at(-1) ?? 0) > 70_000, String(budgets));
    budgets.length = 0;
    await runHealth({ url, entries: noting, budgetMs: 1_000, full: true });
    assert.ok(
      budgets.every(budget => budget > 3_600_000),
      String(budgets),
    );
  });

  it('one that loses the connection costs the next ones nothing', async t => {
    const { url } = await testDatabase(t);
    const suicide = entry(1, 'suicide', db => db.query(sql`select pg_terminate_backend(pg_backend_pid())`));
    const report = await runHealth({ url, entries: [suicide, fine(2)] });
    assert.deepEqual(levels(report), { suicide: 'skipped', 'fine-2': 'ok' });
    assert.equal(report.connection.ok, true);
  });

  it('a lock of somebody else is not waited for', async t => {
    const { url, db, open } = await openDatabase(t);
    await db.script('create table public.locked (id int)');
    const holder = await open();
    await holder.script('begin; lock table public.locked in access exclusive mode');
    const reader = entry(1, 'reader', one => one.many(sql`select * from public.locked`));
    const report = await runHealth({ url, entries: [reader, fine(2)], overview: true });
    assert.match(summaryOf(report, 'reader'), /another session holds a lock/);
    assert.ok(Array.isArray(report.tables), JSON.stringify(report.tables));
    const row = report.tables.find(({ name }) => name === 'locked');
    assert.deepEqual([row?.bytes, row?.rows], [null, 0]);
  });

  it('an examination that is stopped begins no further entry', async t => {
    const { url } = await testDatabase(t);
    const stop = new AbortController();
    const stopping = entry(1, 'stopping', async () => stop.abort());
    const report = await runHealth({ url, entries: [stopping, fine(2)], signal: stop.signal });
    assert.deepEqual(levels(report), { stopping: 'ok', 'fine-2': 'skipped' });
  });
});

describe('a database that cannot be reached', () => {
  it('is critical, and everything else is skipped', async () => {
    const report = await runHealth({ url: 'postgresql://nobody:secret@127.0.0.1:1/none' });
    assert.equal(report.overall_status, 'critical');
    assert.equal(report.server, null);
    const { level, summary } = report.entries[0] ?? assert.fail();
    assert.equal(level, 'critical');
    assert.match(summary, /ECONNREFUSED/);
    assert.ok(report.entries.slice(1).every(one => one.level === 'skipped'));
    assert.equal(JSON.stringify(report).includes('secret'), false);
  });

  it('is critical even when the entry of connectivity was not asked for', async () => {
    const report = await runHealth({ url: 'postgresql://nobody@127.0.0.1:1/none', entries: [fine(1)] });
    assert.deepEqual([report.overall_status, report.connection.ok], ['critical', false]);
  });

  it('is named when it goes away in between', async t => {
    const { cluster, url } = await openCluster(t);
    const killer = entry(1, 'killer', () => cluster.stop('immediate'));
    const report = await runHealth({ url, entries: [killer, fine(2), fine(3)] });
    assert.equal(report.overall_status, 'critical');
    assert.match(summaryOf(report, 'fine-3'), /^the connection was lost: /);
  });
});

/**
 * What the sessions of examinations hold, again and again until told to stop. The lock on the database itself that every
 * session of PostgreSQL holds while it starts, whatever it is for, is not counted.
 */
async function watchExaminations(
  t: TestContext,
  url: string,
  until: Promise<unknown>,
): Promise<{ connections: number; modes: string[] }> {
  const watcher = await openSession(t, url);
  const modes = new Set<string>();
  let connections = 0;
  let isOver = false;
  void until.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    const rows = await watcher.many(sql<{ pid: number; mode: string | null }>`
      select a.pid, l.mode from pg_stat_activity a left join pg_locks l on l.pid = a.pid and l.locktype <> 'virtualxid'
        and (l.locktype, l.classid) is distinct from ('object', 'pg_database'::regclass::oid)
      where a.application_name = 'holdfast-health' and a.datname = current_database()`);
    connections = Math.max(connections, new Set(rows.map(({ pid }) => pid)).size);
    for (const { mode } of rows) if (mode !== null) modes.add(mode);
  }
  return { connections, modes: [...modes] };
}

describe('what it takes', () => {
  it('at most two connections, and no lock stronger than ACCESS SHARE', async t => {
    const { superuserUrl } = await testDatabase(t);
    const rounds = (async () => {
      for (let round = 0; round < 5; round += 1) await runHealth({ url: superuserUrl, overview: true });
    })();
    const seen = await watchExaminations(t, superuserUrl, rounds);
    assert.ok(seen.connections >= 1 && seen.connections <= 2, `${seen.connections} connections`);
    assert.deepEqual(seen.modes, ['AccessShareLock']);
  });

  it('limits that do not exist are refused before anything is examined', async () => {
    const options = { url: 'postgresql://nobody@127.0.0.1:1/none', thresholds: { uptime: { wran: 1 } } };
    await assert.rejects(runHealth(options), error => isHoldfastError(error, 'usage'));
  });
});

/** Reasons that are the fault of the server's settings or of missing rights; anything else is a fault of ours. */
const HONEST_REASONS =
  /^(the server at .* offers no TLS|no API server told|the statistics are |what \d+ sessions? of other roles|the transactions of other roles)/;

const AREAS = ['connectivity', 'pool', 'vacuum', 'indexes'];

function assertHonest({ entries }: HealthReport): void {
  for (const { id, area, level, summary } of entries) {
    if (level === 'skipped' && AREAS.includes(area)) assert.match(summary, HONEST_REASONS, id);
  }
}

describe('any PostgreSQL', () => {
  it('is examined as an ordinary role without anything of ours in it', async t => {
    const { url } = await emptyDatabase(t);
    const report = await runHealth({ url, overview: true });
    assert.equal(report.server?.user, 'holdfast_app');
    assertHonest(report);
    assert.deepEqual(report.slowQueries && 'skipped' in report.slowQueries, true);
  });

  it('names with capitals, spaces, quotes and percent signs', async t => {
    const { url, db } = await openDatabase(t);
    await db.script(`create schema "S p'%s"; create table "S p'%s"."T ""q"" %" ("Id %" int primary key, "Up dated" int, modified_at timestamptz);
      create index "I ""x""" on "S p'%s"."T ""q"" %" ("Up dated"); insert into "S p'%s"."T ""q"" %" values (1, 1, '2026-01-02T03:04:05Z')`);
    const report = await runHealth({ url, overview: true });
    assertHonest(report);
    assert.ok(Array.isArray(report.tables));
    assert.deepEqual(
      report.tables.map(({ schema, name, lastChange }) => [schema, name, lastChange]),
      [["S p'%s", 'T "q" %', '2026-01-02T03:04:05.000Z']],
    );
  });

  it('a search path that hides the catalog misleads nobody', async t => {
    const { url, db } = await openDatabase(t);
    await db.script(`create schema evil; create view evil.pg_stat_activity as select 1 as nothing;
      create type evil.float8 as (nothing int); create type evil.text as (nothing int);
      create function evil.age(xid) returns int language sql as 'select 2000000000'`);
    await db.query(
      sql`alter database ${sql.id(new URL(url).pathname.slice(1))} set search_path = evil, pg_catalog`,
    );
    const report = await runHealth({ url });
    assertHonest(report);
    assert.equal(report.entries.find(({ id }) => id === 'xid-age')?.level, 'ok');
  });

  it('shows the slowest queries where pg_stat_statements is installed', async t => {
    const { url, db } = await openCluster(t, { shared_preload_libraries: 'pg_stat_statements' });
    await db.script('create schema stats; create extension pg_stat_statements schema stats');
    await db.query(sql`select pg_sleep(0.2)`);
    const { slowQueries } = await runHealth({ url, entries: [], overview: true });
    assert.ok(slowQueries !== undefined && 'queries' in slowQueries, JSON.stringify(slowQueries));
    const found = slowQueries.queries.find(({ query }) => query.startsWith('select pg_sleep'));
    assert.ok(found !== undefined && found.calls === 1 && found.totalMs >= 200);
  });
});

for (const version of await installedVersions()) {
  it(`PostgreSQL ${version} of the system: every entry can be examined`, async t => {
    const server = await startSystemPostgres(version);
    t.after(() => server.stop());
    const db = await openSession(t, server.superuserUrl);
    await db.script(`create table a (id int primary key, b int references a); create index on a (b)`);
    const report = await runHealth({ url: server.superuserUrl, overview: true });
    assert.equal(report.entries.length, CATALOGUE.length);
    assertHonest(report);
    assert.ok(Array.isArray(report.tables));
  });
}

it('the database of the embedded PostgreSQL can have its indexes checked', async t => {
  const { url } = await openCluster(t);
  const own = new URL(url);
  own.pathname = '/holdfast';
  const db = await openSession(t, own.href);
  await db.script('create table a (id int primary key)');
  const report = await runHealth({ url: own.href, entries: CATALOGUE.filter(({ number }) => number === 60) });
  assert.deepEqual(
    report.entries.map(({ level, summary }) => [level, summary]),
    [['ok', '1 index checked and sound']],
  );
});

it('leaves no session behind', async t => {
  const { url, db } = await openDatabase(t);
  const report = await runHealth({ url, quickOnly: true });
  assert.deepEqual(
    report.entries.map(({ id }) => id),
    CATALOGUE.filter(({ quick }) => quick).map(({ id }) => id),
  );
  await eventually('no examination is connected any more', async () =>
    db.maybeOne(sql`select 1 where not exists (
      select from pg_stat_activity where application_name = 'holdfast-health' and datname = current_database())`),
  );
});
