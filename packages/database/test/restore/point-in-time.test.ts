import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Connection, connect, sql } from '@holdfast/postgres';
import { eventually, throwawayHome } from '@holdfast/testing';
import type { WalArchive, WalRange } from '../../src/backup/wal-archive.ts';
import type { RecoveryTarget } from '../../src/restore/materialized-backup.ts';
import { materializePhysical } from '../../src/restore/physical/materialize-physical.ts';
import { installedVersions, startSystemPostgres } from '../system-postgres.ts';
import { type SimpleBackup, simpleArchive, takeSimpleBackup } from './cold-backup.ts';

const WRITERS = 3;
const MOMENTS = 20;

/** One commit, as the WAL has it. */
interface Commit {
  readonly id: number;
  readonly xid: string;
  /** Whole milliseconds; `late` says whether the commit was after their beginning. */
  readonly at: Date;
  readonly late: boolean;
  /** Where its commit record begins. */
  readonly lsn: string;
}

interface Scene {
  readonly simple: SimpleBackup;
  readonly archive: WalArchive;
  readonly commits: readonly Commit[];
  readonly root: string;
}

async function writeUnderLoad(url: string, total: number): Promise<void> {
  let next = 1;
  const writer = async (): Promise<void> => {
    const connection = await connect({ url });
    while (next <= total) {
      const id = next++;
      await connection.query(sql`insert into t (id) values (${id})`);
    }
    await connection.close();
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
}

/** In the order of their records in the WAL, which is what recovery goes by; times come from PostgreSQL, too. */
async function readCommits(db: Connection, from: string, to: string): Promise<Commit[]> {
  await db.query(sql`create extension pg_walinspect`);
  return db.many(sql<Commit>`
    select t.id, t.xmin::text as xid, c.at, pg_xact_commit_timestamp(t.xmin) > c.at as late, w.start_lsn::text as lsn
    from pg_get_wal_records_info(${from}::pg_lsn, ${to}::pg_lsn) w
    join t on t.xmin = w.xid,
      lateral (select date_trunc('milliseconds', pg_xact_commit_timestamp(t.xmin)) as at) c
    where w.resource_manager = 'Transaction' and w.record_type = 'COMMIT'
    order by w.start_lsn`);
}

async function scene(t: TestContext, start: (archive: string) => Promise<string>): Promise<Scene> {
  const root = await mkdtemp(join(tmpdir(), 'hf-pitr-'));
  await chmod(root, 0o755);
  t.after(() => rm(root, { recursive: true, force: true }));
  const archiveDir = join(root, 'archive');
  await mkdir(archiveDir, { mode: 0o777 });
  await chmod(archiveDir, 0o777);
  const url = await start(archiveDir);
  const db = await connect({ url });
  t.after(() => db.close());
  await db.query(sql`create table t (id int primary key)`);
  const simple = await takeSimpleBackup(url, join(root, 'backup'), 'tar');
  await writeUnderLoad(url, 1_500);
  const { point } = simple.backup.manifest;
  const fromLsn = point.kind === 'physical' ? point.stopLsn : '';
  const { now } = await db.one(sql<{ now: string }>`select pg_current_wal_flush_lsn()::text as now`);
  const commits = await readCommits(db, fromLsn, now);
  assert.equal(commits.length, 1_500);
  const { name } = await db.one(
    sql<{ name: string }>`select pg_walfile_name(pg_current_wal_insert_lsn()) as name`,
  );
  const { end } = await db.one(sql<{ end: string }>`select pg_switch_wal()::text as "end"`);
  await db.query(sql`checkpoint`);
  await eventually(async () => (await readdir(archiveDir)).includes(name));
  const range: WalRange = {
    timeline: 1,
    fromLsn,
    toLsn: end,
    fromTime: null,
    toTime: null,
    beginning: { kind: 'first', reason: '', forkLsn: null, at: null },
  };
  return { simple, archive: simpleArchive(archiveDir, async () => range), commits, root };
}

async function idsAt({ simple, archive, root }: Scene, target: RecoveryTarget): Promise<number[]> {
  const restored = await materializePhysical({
    ...simple,
    archive,
    target,
    directory: join(root, 'restored'),
    purpose: 'drill',
    systemUser: undefined,
    sharedDir: join(root, 'shared'),
    jobs: 1,
    programs: { binDir: undefined, path: [] },
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
  try {
    const db = await connect({ url: restored.superuserUrl });
    const rows = await db.many(sql<{ id: number }>`select id from t order by id`);
    await db.close();
    return rows.map(({ id }) => id);
  } finally {
    await restored.discard();
  }
}

const SETTINGS = { archive_mode: 'on', track_commit_timestamp: 'on', full_page_writes: 'on' };

/** A target at that commit, and how many commits there are up to it. */
function targetAt(commits: readonly Commit[], index: number, kind: number): [RecoveryTarget, number] {
  const chosen = commits[index];
  assert.ok(chosen);
  const { at, xid, lsn } = chosen;
  if (kind === 0) {
    const next = commits.findIndex(other => other.at > at || (other.late && other.at >= at));
    return [{ kind: 'time', at }, next];
  }
  if (kind === 1) return [{ kind: 'transaction', xid, inclusive: true }, index + 1];
  if (kind === 2) return [{ kind: 'transaction', xid, inclusive: false }, index];
  return [{ kind: 'lsn', lsn, inclusive: false }, index];
}

/** Random moments of every kind. */
async function provePointsInTime(t: TestContext, place: Scene, moments: number): Promise<void> {
  for (let moment = 0; moment < moments; moment += 1) {
    const index = Math.floor(Math.random() * (place.commits.length - 100));
    const [target, count] = targetAt(place.commits, index, moment % 4);
    await t.test(`commit ${index}: ${JSON.stringify(target)}`, async () => {
      const expected = place.commits.slice(0, count).map(({ id }) => id);
      assert.deepEqual(
        await idsAt(place, target),
        expected.toSorted((a, b) => a - b),
      );
    });
  }
}

test('under load, a restore to any moment holds exactly the commits up to it: PostgreSQL 18', {
  timeout: 600_000,
}, async t => {
  const { start } = await throwawayHome(t);
  const place = await scene(t, async archive => {
    const settings = { ...SETTINGS, archive_command: `cp %p ${archive}/%f` };
    return (await start({ settings })).superuserUrl;
  });
  await provePointsInTime(t, place, MOMENTS);
  assert.equal((await idsAt(place, { kind: 'latest' })).length, place.commits.length);
  await assert.rejects(idsAt(place, { kind: 'time', at: new Date(Date.now() + 3_600_000) }), {
    code: 'restore_failed',
  });
  await assert.rejects(idsAt(place, { kind: 'lsn', lsn: 'F/0', inclusive: true }), {
    code: 'restore_refused',
  });
});

test('and on the versions that are installed', { timeout: 600_000 }, async t => {
  for (const version of await installedVersions()) {
    const place = await scene(t, async archive => {
      const settings = { ...SETTINGS, archive_command: `cp %p ${archive}/%f` };
      const server = await startSystemPostgres(
        version,
        Object.entries(settings).map(([name, value]) => `${name}=${value}`),
      );
      t.after(() => server.stop());
      return server.superuserUrl;
    });
    await provePointsInTime(t, place, 4);
    assert.equal((await idsAt(place, { kind: 'latest' })).length, place.commits.length);
  }
});
