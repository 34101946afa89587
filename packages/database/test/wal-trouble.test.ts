import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { ArchivePlace } from '@holdfast/database/backup';
import { type Connection, connect, parseLsn, sql } from '@holdfast/postgres';
import type { Cluster } from '@holdfast/postgres/cluster';
import { copyDataDirectory, eventually, restoreDataDirectory, throwawayHome } from '@holdfast/testing';
import {
  archivePlace,
  assertSameAsServer,
  contentOf,
  flushedLsn,
  openArchiveOf,
  openConnection,
  placeIn,
  type RunningReceiver,
  startReceiver,
} from './wal-fixtures.ts';

const run = promisify(execFile);
const KILLS = 40;
const SETTINGS = { fsync: 'off', wal_keep_size: '4GB', max_wal_size: '4GB', autovacuum: 'off' };

interface Stage {
  readonly cluster: Cluster;
  readonly start: (settings?: Readonly<Record<string, string>>) => Promise<Cluster>;
}

async function stage(t: TestContext, extra: Readonly<Record<string, string>> = {}): Promise<Stage> {
  const { start } = await throwawayHome(t);
  const withSettings = (settings: Readonly<Record<string, string>> = {}): Promise<Cluster> =>
    start({ settings: { ...SETTINGS, ...extra, ...settings } });
  return { cluster: await withSettings(), start: withSettings };
}

const walOf = ({ dataDir }: Cluster): string => join(dataDir, 'pg_wal');

/** Makes the next start a recovery, which ends on a new timeline. */
async function askForRecovery({ dataDir }: Cluster): Promise<void> {
  const signal = join(dataDir, 'recovery.signal');
  await writeFile(signal, '');
  const { uid, gid } = await stat(dataDir);
  await chown(signal, uid, gid);
}

function hasHappened(receiver: RunningReceiver, kind: string): Promise<true> {
  return eventually(() => receiver.events.some(event => event.kind === kind), { timeoutMs: 30_000 });
}

interface Archived {
  readonly place: ArchivePlace;
  readonly db: Connection;
}

/** An archive with everything that the server has written, and nobody who receives more. */
async function archivedUntilNow(t: TestContext, cluster: Cluster): Promise<Archived> {
  const archived = { place: await archivePlace(t), db: await openConnection(t, cluster.superuserUrl) };
  await catchUp(t, cluster, archived);
  return archived;
}

/** A receiver that has archived everything, and was stopped. */
async function catchUp(t: TestContext, cluster: Cluster, { place, db }: Archived): Promise<RunningReceiver> {
  const receiver = startReceiver(t, cluster.superuserUrl, place);
  await receiver.reached(await flushedLsn(db));
  await receiver.stop();
  return receiver;
}

test('a receiver killed at any moment leaves an archive without a gap and without a wrong byte', async t => {
  const { cluster } = await stage(t);
  const place = await archivePlace(t);
  const db = await openConnection(t, cluster.superuserUrl);
  const load = startLoad(t, await openConnection(t, cluster.superuserUrl));
  for (let kill = 0; kill < KILLS; kill += 1) {
    const child = startChild(cluster.superuserUrl, place.destination.directory ?? '');
    await hasSaid(child, kill % 4 === 0 ? 'started' : 'streaming');
    await delay(Math.random() * 250);
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await load.stop();
  const receiver = startReceiver(t, cluster.superuserUrl, place);
  await receiver.reached(await flushedLsn(db));
  await receiver.stop();
  const archive = await openArchiveOf(db, place);
  const ranges = await archive.ranges({ times: false });
  assert.equal(ranges.length, 1, JSON.stringify(ranges));
  const compared = await assertSameAsServer(archive, walOf(cluster));
  t.diagnostic(`${compared} segments compared after ${KILLS} kills`);
  assert.ok(compared > 5);
});

function startChild(url: string, directory: string): ChildProcess {
  const script = join(import.meta.dirname, 'wal-receiver-process.ts');
  const args = ['--conditions=holdfast-source', script, url, directory];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function hasSaid(child: ChildProcess, word: string): Promise<void> {
  let said = '';
  child.stdout?.on('data', data => {
    said = `${said}${data}`.slice(0, 10_000);
  });
  await eventually(() => said.includes(word) || child.exitCode !== null, { timeoutMs: 30_000 });
  assert.equal(child.exitCode, null, said);
}

/** Writes WAL of all sorts of sizes until it is stopped. */
function startLoad(t: TestContext, db: Connection): { stop(): Promise<void> } {
  let stopped = false;
  const running = (async () => {
    await db.script('create table load (text text)');
    for (let round = 0; !stopped; round += 1) {
      const rows = round % 100 === 0 ? 4_000 : round % 11;
      await db.query(sql`insert into load select repeat('x', 1000) from generate_series(0, ${rows}::int)`);
      if (round % 400 === 0) await db.query(sql`select pg_switch_wal()`);
      // a pace, so that the receivers have a chance
      await delay(10);
    }
  })();
  const stop = async (): Promise<void> => {
    stopped = true;
    await running;
  };
  t.after(stop);
  return { stop };
}

test('a killed and restarted server goes on in the same range', async t => {
  const { cluster, start } = await stage(t);
  let current = cluster;
  const place = await archivePlace(t);
  const receiver = startReceiver(t, () => current.superuserUrl, place);
  await hasHappened(receiver, 'streaming');
  const db = await connect({ url: cluster.superuserUrl });
  await db.script("create table t as select repeat('x', 1000) as text from generate_series(1, 20000)");
  await db.script("insert into t select repeat('y', 1000) from generate_series(1, 5000)");
  process.kill(cluster.pid, 'SIGKILL');
  await cluster.exited;
  await db.close();
  current = await start();
  const again = await openConnection(t, current.superuserUrl);
  await again.script("insert into t select repeat('z', 1000) from generate_series(1, 20000)");
  await receiver.reached(await flushedLsn(again));
  await receiver.stop();
  const archive = await openArchiveOf(again, place);
  assert.equal((await archive.ranges()).length, 1);
  await assertSameAsServer(archive, walOf(current));
});

test('a server that is told to stop is not kept waiting', async t => {
  const { cluster } = await stage(t);
  const receiver = startReceiver(t, cluster.superuserUrl, await archivePlace(t));
  await hasHappened(receiver, 'streaming');
  const db = await connect({ url: cluster.superuserUrl });
  await db.script("create table t as select repeat('x', 1000) as text from generate_series(1, 20000)");
  await db.close();
  process.kill(cluster.pid, 'SIGINT');
  const stopped = await Promise.race([
    cluster.exited.then(() => 'stopped'),
    delay(20_000, 'waits', { ref: false }),
  ]);
  assert.equal(stopped, 'stopped');
});

test('a promoted server is followed onto its new timeline', async t => {
  const { cluster, start } = await stage(t);
  const place = await archivePlace(t);
  let current = cluster;
  const receiver = startReceiver(t, () => current.superuserUrl, place);
  await hasHappened(receiver, 'streaming');
  const db = await connect({ url: cluster.superuserUrl });
  await db.script("create table t as select repeat('x', 1000) as text from generate_series(1, 20000)");
  await db.close();
  await cluster.stop();
  await askForRecovery(cluster);
  current = await start({ restore_command: 'false' });
  const again = await openConnection(t, current.superuserUrl);
  await eventually(async () => !(await again.one(sql<{ is: boolean }>`select pg_is_in_recovery() as is`)).is);
  await again.script("insert into t select repeat('y', 1000) from generate_series(1, 20000)");
  await receiver.reached(await flushedLsn(again));
  await receiver.stop();
  const archive = await openArchiveOf(again, place);
  const ranges = await archive.ranges();
  assert.deepEqual(
    ranges.map(({ timeline, beginning }) => `${timeline} ${beginning.kind}`),
    ['1 first', '2 timeline'],
  );
  const [old, next] = ranges;
  // the new one begins where, or before, the old one ends: nothing is between them
  assert.ok(parseLsn(next?.fromLsn ?? '') <= parseLsn(old?.toLsn ?? ''));
  assert.ok(parseLsn(next?.beginning.forkLsn ?? '') <= parseLsn(old?.toLsn ?? ''));
  assert.match((await contentOf(archive, '00000002.history')).toString(), /^1\t/);
  await assertSameAsServer(archive, walOf(current));
});

test('a database that comes back from another timeline goes on in the same archive, as often as it does', async t => {
  const { cluster, start } = await stage(t);
  const place = await archivePlace(t);
  let current = cluster;
  const receiver = startReceiver(t, () => current.superuserUrl, place);
  await hasHappened(receiver, 'streaming');
  const write = async (rows: number): Promise<void> => {
    const db = await connect({ url: current.superuserUrl });
    await eventually(async () => !(await db.one(sql<{ is: boolean }>`select pg_is_in_recovery() as is`)).is);
    await db.script(`create table if not exists t (text text);
      insert into t select repeat('x', 1000) from generate_series(1, ${rows})`);
    await receiver.reached(await flushedLsn(db));
    await db.close();
  };
  await write(20_000);
  await current.stop();
  const former = `${cluster.dataDir}.former`;
  await copyDataDirectory(cluster.dataDir, former);
  await askForRecovery(cluster);
  current = await start({ restore_command: 'false' });
  await write(40_000);
  await current.stop();
  const restored = `${cluster.dataDir}.restored`;
  await copyDataDirectory(cluster.dataDir, restored);
  const timelines = async (): Promise<string[]> => {
    const db = await connect({ url: current.superuserUrl });
    const ranges = await (await openArchiveOf(db, place)).ranges({ times: false });
    await db.close();
    return ranges.map(range => `${range.timeline}${range.abandoned === true ? ' left' : ''}`);
  };
  await restoreDataDirectory(former, cluster.dataDir);
  current = await start();
  // further than the other one came: what has arrived is known by its position alone
  await write(60_000);
  assert.deepEqual(await timelines(), ['1', '2 left']);
  await current.stop();
  const after = `${cluster.dataDir}.after`;
  await copyDataDirectory(cluster.dataDir, after);
  await restoreDataDirectory(restored, cluster.dataDir);
  current = await start();
  await write(60_000);
  assert.deepEqual(await timelines(), ['1', '2']);
  await receiver.stop();
  assert.ok(!receiver.events.some(({ kind }) => kind === 'branch' || kind === 'gap'));
  const db = await openConnection(t, current.superuserUrl);
  assert.ok((await assertSameAsServer(await openArchiveOf(db, place), walOf(current), '00000002')) > 1);
  assert.ok(
    (await assertSameAsServer(await openArchiveOf(db, place), join(after, 'pg_wal'), '00000001')) > 1,
  );
});

test('a dropped slot whose WAL is gone begins a new range that says why', async t => {
  const { cluster } = await stage(t, { wal_keep_size: '0', max_wal_size: '64MB', min_wal_size: '32MB' });
  const { place, db } = await archivedUntilNow(t, cluster);
  await db.query(sql`select pg_drop_replication_slot('holdfast_test')`);
  for (let round = 0; round < 6; round += 1)
    await db.script(
      'create table if not exists w (a int); insert into w values (1); select pg_switch_wal(); checkpoint',
    );
  const second = await catchUp(t, cluster, { place, db });
  const ranges = await (await openArchiveOf(db, place)).ranges({ times: false });
  assert.deepEqual(
    ranges.map(({ beginning }) => beginning.kind),
    ['first', 'gap'],
  );
  assert.match(ranges[1]?.beginning.reason ?? '', /slot had been dropped/);
  assert.equal(second.events.filter(({ kind }) => kind === 'gap').length, 1);
});

test('a dropped slot whose WAL is still there costs nothing', async t => {
  const { cluster } = await stage(t);
  const { place, db } = await archivedUntilNow(t, cluster);
  await db.query(sql`select pg_drop_replication_slot('holdfast_test')`);
  await db.script(
    'create table w (a int); select pg_switch_wal(); checkpoint; insert into w values (1); select pg_switch_wal(); checkpoint',
  );
  await catchUp(t, cluster, { place, db });
  assert.equal((await (await openArchiveOf(db, place)).ranges({ times: false })).length, 1);
});

test('a slot that fell too far behind is made anew, and the range says why', async t => {
  const { cluster } = await stage(t, {
    wal_keep_size: '0',
    max_wal_size: '64MB',
    min_wal_size: '32MB',
    max_slot_wal_keep_size: '32MB',
  });
  const { place, db } = await archivedUntilNow(t, cluster);
  await db.script('create table w (a int)');
  await eventually(async () => {
    await db.script('insert into w values (1); select pg_switch_wal(); checkpoint');
    const slot = await db.one(sql<{ status: string }>`select wal_status as status from pg_replication_slots`);
    return slot.status === 'lost';
  });
  await catchUp(t, cluster, { place, db });
  const ranges = await (await openArchiveOf(db, place)).ranges({ times: false });
  assert.deepEqual(
    ranges.map(({ beginning }) => beginning.kind),
    ['first', 'gap'],
  );
  assert.match(ranges[1]?.beginning.reason ?? '', /max_slot_wal_keep_size/);
});

test('a server replaced by an older copy of itself gets an archive of its own', async t => {
  const { cluster, start } = await stage(t);
  const place = await archivePlace(t);
  const seed = await connect({ url: cluster.superuserUrl });
  await seed.script('create table t (text text); checkpoint');
  await seed.close();
  await cluster.stop();
  const copy = `${cluster.dataDir}.copy`;
  await copyDataDirectory(cluster.dataDir, copy);
  let current = await start();
  const receiver = startReceiver(t, () => current.superuserUrl, place);
  await hasHappened(receiver, 'streaming');
  const db = await connect({ url: current.superuserUrl });
  await db.script("insert into t select repeat('x', 1000) from generate_series(1, 3000)");
  await receiver.reached(await flushedLsn(db));
  await db.close();
  await current.stop();
  await restoreDataDirectory(copy, cluster.dataDir);
  current = await start();
  const again = await openConnection(t, current.superuserUrl);
  await again.script("insert into t select repeat('y', 1000) from generate_series(1, 30000)");
  await receiver.reached(await flushedLsn(again));
  await hasHappened(receiver, 'branch');
  await receiver.stop();
  const archive = await openArchiveOf(again, place);
  await assertSameAsServer(archive, walOf(current));
});

test('a full disk stops the archive, and room lets it go on without a gap', async t => {
  const mount = await smallFileSystem(t);
  if (mount === undefined) return t.skip('this user may not mount a small file system');
  const { cluster } = await stage(t);
  const place = { ...placeIn(join(mount, 'archive')), compression: 'none' } as const;
  const db = await openConnection(t, cluster.superuserUrl);
  const receiver = startReceiver(t, cluster.superuserUrl, place);
  await hasHappened(receiver, 'streaming');
  await db.script("create table t as select repeat('x', 1000) as text from generate_series(1, 60000)");
  const full = await eventually(
    () => receiver.events.find(event => event.kind === 'interrupted' && /disk is full/.test(event.reason)),
    { timeoutMs: 30_000 },
  );
  assert.ok(full);
  await run('mount', ['-o', 'remount,size=400m', mount]);
  await receiver.reached(await flushedLsn(db));
  await receiver.stop();
  const archive = await openArchiveOf(db, place);
  assert.equal((await archive.ranges({ times: false })).length, 1);
  assert.ok((await assertSameAsServer(archive, walOf(cluster))) >= 4);
});

async function smallFileSystem(t: TestContext): Promise<string | undefined> {
  const mount = await mkdtemp(join(tmpdir(), 'hf-full-'));
  const isMounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', mount]).then(
    () => true,
    () => false,
  );
  t.after(async () => {
    if (isMounted) await run('umount', ['-l', mount]);
    await rm(mount, { recursive: true, force: true });
  });
  return isMounted ? mount : undefined;
}
