import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { type Commit, listCommits } from '@holdfast/database/backup';
import { type Connection, parseLsn, sql } from '@holdfast/postgres';
import { eventually, throwawayHome } from '@holdfast/testing';
import { installedVersions, startSystemPostgres } from './system-postgres.ts';
import {
  archivePlace,
  assertSameAsServer,
  contentOf,
  flushedLsn,
  openArchiveOf,
  openConnection,
  startReceiver,
} from './wal-fixtures.ts';

const run = promisify(execFile);
const SETTINGS = {
  wal_keep_size: '4GB',
  max_wal_size: '4GB',
  max_slot_wal_keep_size: '-1',
  autovacuum: 'off',
};

interface Server {
  readonly url: string;
  readonly walDirectory: string;
}

async function embedded(t: TestContext): Promise<Server> {
  const { start } = await throwawayHome(t);
  const cluster = await start({ settings: { fsync: 'off', ...SETTINGS } });
  return { url: cluster.superuserUrl, walDirectory: join(cluster.dataDir, 'pg_wal') };
}

async function debian15(t: TestContext): Promise<Server | undefined> {
  if (!(await installedVersions()).includes('15')) {
    t.skip('PostgreSQL 15 is not installed');
    return undefined;
  }
  const server = await startSystemPostgres('15');
  t.after(() => server.stop());
  const db = await openConnection(t, server.superuserUrl);
  for (const [name, value] of Object.entries(SETTINGS))
    await db.script(`alter system set ${name} = '${value}'`);
  const { directory } = await db.one(
    sql<{ directory: string }>`select pg_reload_conf(), current_setting('data_directory') as directory`,
  );
  return { url: server.superuserUrl, walDirectory: join(directory, 'pg_wal') };
}

test('a segment that is completed after its name was read is read all the same', async t => {
  const { url } = await embedded(t);
  const db = await openConnection(t, url);
  const place = await archivePlace(t);
  const receiver = startReceiver(t, url, place);
  await receiver.reached(await flushedLsn(db));
  const archive = await openArchiveOf(db, place);
  const name = (await archive.list()).find(file => file.name.endsWith('.partial'))?.name ?? '';
  const whole = name.replace('.partial', '');
  await db.script('select pg_switch_wal()');
  await eventually(() => receiver.events.some(event => event.kind === 'sealed' && event.segment === whole));
  assert.deepEqual(await contentOf(archive, name), await contentOf(archive, whole));
});

test('a segment that is stored while the archive is listed leaves no hole in it', async t => {
  const { url } = await embedded(t);
  const db = await openConnection(t, url);
  const place = await archivePlace(t);
  const receiver = startReceiver(t, url, place);
  await receiver.reached(await flushedLsn(db));
  const storeMeanwhile = async (prefix: string) => {
    const listed = await place.destination.list(prefix);
    const sealed = receiver.events.filter(({ kind }) => kind === 'sealed').length;
    await db.script('select pg_switch_wal()');
    await receiver.reached(await flushedLsn(db));
    await eventually(() => receiver.events.filter(({ kind }) => kind === 'sealed').length > sealed);
    return listed;
  };
  const watched = { ...place, destination: { ...place.destination, list: storeMeanwhile } };
  const ranges = await (await openArchiveOf(db, watched)).ranges({ times: false });
  assert.equal(ranges.length, 1, JSON.stringify(ranges));
});

for (const [version, begin] of [
  ['18', embedded],
  ['15', debian15],
] as const) {
  describe(`the WAL archive of PostgreSQL ${version}`, () => {
    test('has what the server has in its files, across restarts of the receiver', async t => {
      const server = await begin(t);
      if (server === undefined) return;
      const place = await archivePlace(t);
      const db = await openConnection(t, server.url);
      const first = startReceiver(t, server.url, place);
      await eventually(() => first.events.some(({ kind }) => kind === 'streaming'));
      await writeNoise(db, 'one', 30_000);
      await first.reached(await flushedLsn(db));
      await first.stop();
      await writeNoise(db, 'two', 50_000);
      const second = startReceiver(t, server.url, place);
      await second.reached(await flushedLsn(db));
      await second.stop();
      const archive = await openArchiveOf(db, place);
      assert.ok((await assertSameAsServer(archive, server.walDirectory)) >= 5);
      const ranges = await archive.ranges();
      assert.equal(ranges.length, 1);
      assert.equal(ranges[0]?.beginning.kind, 'first');
      assert.ok((ranges[0]?.fromTime ?? '') < (ranges[0]?.toTime ?? ''));
      assert.deepEqual(
        second.events.filter(({ kind }) => kind === 'gap' || kind === 'interrupted'),
        [],
      );
    });

    test('shows the commits that the server made', async t => {
      const server = await begin(t);
      if (server === undefined) return;
      const place = await archivePlace(t);
      const db = await openConnection(t, server.url);
      const receiver = startReceiver(t, server.url, place);
      await eventually(() => receiver.events.some(({ kind }) => kind === 'streaming'));
      const { from } = await db.one(sql<{ from: string }>`select pg_current_wal_insert_lsn()::text as from`);
      const expected = await makeCommits(db);
      const to = await flushedLsn(db);
      await receiver.reached(to);
      await receiver.stop();
      const archive = await openArchiveOf(db, place);
      const commits = await collect(listCommits(archive, { from: { lsn: from }, to: { lsn: to } }));
      assert.deepEqual(
        commits.filter(({ xid }) => expected.xids.includes(xid)).map(({ xid }) => xid),
        expected.xids,
      );
      const dropping = commits.find(({ droppedFiles }) => droppedFiles.includes(expected.droppedFile));
      assert.equal(dropping?.xid, expected.dropXid);
      const big = commits.find(({ xid }) => xid === expected.bigXid);
      assert.ok((big?.bytes ?? 0) > 2_000_000, `${big?.bytes}`);
      assert.ok(!commits.some(({ xid }) => xid === expected.abortedXid));
      await assertSameCommits(db, server, commits, { from, to });
      // what stands between two moments is found without reading all before them
      const middle = commits[commits.length >> 1];
      assert.ok(middle !== undefined);
      const between = { from: { time: new Date(middle.at) }, to: { time: new Date(middle.at) } };
      const found = await collect(listCommits(archive, between));
      assert.ok(found.some(({ lsn }) => lsn === middle.lsn));
      assert.ok(found.every(({ at }) => at === middle.at));
    });
  });
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function writeNoise(db: Connection, table: string, rows: number): Promise<void> {
  const name = sql.id(table);
  await db.query(sql`create table ${name} (id integer primary key, text text)`);
  await db.query(
    sql`insert into ${name} select n, repeat(md5(n::text), 30) from generate_series(1, ${rows}::int) n`,
  );
}

async function makeCommits(db: Connection) {
  await db.script('create table shop (id integer primary key, text text)');
  await db.script('create table doomed (id integer primary key)');
  const { file } = await db.one(sql<{ file: string }>`
    select (select oid from pg_tablespace where spcname = 'pg_default') || '/' || d.oid || '/' || pg_relation_filenode('doomed') as file
    from pg_database d where datname = current_database()
  `);
  const xids: string[] = [];
  const commit = async (statement: string, end = 'commit'): Promise<string> => {
    await db.script(`begin; ${statement}`);
    const { xid } = await db.one(sql<{ xid: string }>`select pg_current_xact_id()::text as xid`);
    await db.script(end);
    return xid;
  };
  for (let id = 0; id < 200; id += 1) xids.push(await commit(`insert into shop values (${id}, 'x')`));
  const subtransactions = Array.from(
    { length: 70 },
    (_, n) => `savepoint s${n}; insert into shop values (${1000 + n})`,
  );
  xids.push(await commit(subtransactions.join(';')));
  const bigXid = await commit(
    "insert into shop select n, repeat('y', 100) from generate_series(2000, 22000) n",
  );
  const abortedXid = await commit('delete from shop', 'rollback');
  const dropXid = await commit('drop table doomed');
  return { xids: [...xids, bigXid, dropXid], bigXid, abortedXid, dropXid, droppedFile: file };
}

/** By the program of 15, and by the extension that came with it for all later ones. */
async function assertSameCommits(
  db: Connection,
  { walDirectory }: Server,
  commits: readonly Commit[],
  { from, to }: { readonly from: string; readonly to: string },
): Promise<void> {
  const { version } = await db.one(
    sql<{ version: number }>`select current_setting('server_version_num')::int as version`,
  );
  const seen =
    version < 160_000 ? await bySystemProgram(walDirectory, from, to) : await byExtension(db, from, to);
  assert.ok(seen.length > 200);
  assert.deepEqual(
    commits.map(({ xid, lsn }) => `${xid} ${parseLsn(lsn)}`),
    seen.map(({ xid, lsn }) => `${xid} ${parseLsn(lsn)}`),
  );
}

async function bySystemProgram(directory: string, from: string, to: string) {
  const args = ['-p', directory, '-s', from, '-e', to, '-r', 'Transaction'];
  const { stdout } = await run('/usr/lib/postgresql/15/bin/pg_waldump', args, { maxBuffer: 1 << 28 });
  return [...stdout.matchAll(/tx:\s+(\d+), lsn: ([0-9A-F/]+), .*desc: COMMIT /g)].map(([, xid, lsn]) => ({
    xid: xid ?? '',
    lsn: lsn ?? '',
  }));
}

async function byExtension(db: Connection, from: string, to: string) {
  await db.script('create extension pg_walinspect');
  return db.many(sql<{ xid: string; lsn: string }>`
    select xid::text, start_lsn::text as lsn from pg_get_wal_records_info(${from}, ${to})
    where resource_manager = 'Transaction' and record_type = 'COMMIT' order by start_lsn
  `);
}
