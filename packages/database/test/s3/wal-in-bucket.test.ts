import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type ArchivePlace, openDestination, type StoredBackup } from '@holdfast/database/backup';
import { materializeBackup } from '@holdfast/database/restore';
import { type Connection, connect, sql } from '@holdfast/postgres';
import { backupRequest, eventually, takeTestBackup, throwawayHome } from '@holdfast/testing';
import { workPlace } from '../backup/making.ts';
import { repositoryAt } from '../backup-fixtures.ts';
import {
  assertSameAsServer,
  flushedLsn,
  openArchiveOf,
  openConnection,
  startReceiver,
} from '../wal-fixtures.ts';
import { placeUrl, startVerifyingS3 } from './verifying-proxy.ts';

const KILLS = 6;
const SETTINGS = { fsync: 'off', wal_keep_size: '2GB', autovacuum: 'off' };

/** A commit and a position behind it and before the next one. */
interface Commit {
  readonly n: number;
  readonly lsn: string;
}

/** Writes WAL of about a segment in a while, one commit after the other, until it is stopped. */
function startLoad(t: TestContext, db: Connection) {
  const log: Commit[] = [];
  let stopped = false;
  const running = (async () => {
    await db.script('create table load (n int, text text)');
    for (let n = 1; !stopped; n += 1) {
      const rows = n % 20 === 0 ? 2_000 : 10;
      await db.query(sql`
        insert into load select ${n}, repeat('x', 1000) from generate_series(1, ${rows}::int)
      `);
      const { lsn } = await db.one(sql<{ lsn: string }>`select pg_current_wal_insert_lsn()::text as lsn`);
      log.push({ n, lsn });
      await delay(10);
    }
  })();
  const stop = async (): Promise<readonly Commit[]> => {
    stopped = true;
    await running;
    return log;
  };
  t.after(stop);
  return stop;
}

test('a receiver into a bucket is killed again and again, and every commit can be restored from there', async t => {
  const s3 = await startVerifyingS3(t, 'backups');
  const url = placeUrl(s3, 'backups/shop');
  const { start } = await throwawayHome(t);
  const cluster = await start({ settings: SETTINGS });
  const work = await workPlace(t);
  const place: ArchivePlace = {
    destination: openDestination(url, '/'),
    compression: 'zstd',
    encryption: undefined,
    decryption: undefined,
    spool: join(work, 'spool'),
  };
  const db = await openConnection(t, cluster.superuserUrl);
  const repository = repositoryAt(place.destination);
  // the slot is there before the backup, so that the archive begins before it
  await killReceiver(cluster.superuserUrl, url, place.spool ?? '', 'progress');
  const request = backupRequest(cluster.superuserUrl);
  await takeTestBackup({ request, repository, workDirectory: work });
  const [backup] = (await repository.list()).backups;
  assert.ok(backup !== undefined);
  const stop = startLoad(t, await openConnection(t, cluster.superuserUrl));
  for (let kill = 0; kill < KILLS; kill += 1)
    await killReceiver(cluster.superuserUrl, url, place.spool ?? '', kill % 3 === 0 ? 'sealed' : 'progress');
  const log = await stop();
  const receiver = startReceiver(t, cluster.superuserUrl, place);
  await receiver.reached(await flushedLsn(db));
  await receiver.stop();
  const archive = await openArchiveOf(db, place);
  const ranges = await archive.ranges();
  assert.equal(ranges.length, 1, JSON.stringify(ranges));
  assert.ok((await assertSameAsServer(archive, join(cluster.dataDir, 'pg_wal'))) > 2);
  const point = log[Math.floor(log.length * 0.7)];
  assert.ok(point !== undefined);
  assert.deepEqual(
    await commitsAt(backup, archive, point, { repository, work }),
    Array.from({ length: point.n }, (_, index) => index + 1),
  );
  assert.deepEqual(s3.refused, []);
});

async function commitsAt(
  backup: StoredBackup,
  archive: Awaited<ReturnType<typeof openArchiveOf>>,
  { lsn }: Commit,
  { repository, work }: { readonly repository: ReturnType<typeof repositoryAt>; readonly work: string },
): Promise<readonly number[]> {
  const restored = await materializeBackup({
    ...{ repository, backup, archive, target: { kind: 'lsn', lsn, inclusive: true } },
    directory: join(work, 'restored'),
    purpose: 'drill',
    systemUser: undefined,
    sharedDir: join(work, 'shared'),
    programs: { binDir: undefined, path: [] },
    jobs: 1,
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
  try {
    const connection = await connect({ url: restored.urlOf('postgres') });
    const rows = await connection.many(sql<{ n: number }>`select distinct n from load order by n`);
    await connection.close();
    return rows.map(({ n }) => n);
  } finally {
    await restored.discard();
  }
}

/** Runs a receiver until it has said this word, and kills it soon after. */
async function killReceiver(url: string, place: string, spool: string, word: string): Promise<void> {
  const script = join(import.meta.dirname, 'wal-receiver-process.ts');
  const args = ['--conditions=holdfast-source', script, url, place, spool];
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout?.on('data', data => {
    said = `${said}${data}`.slice(0, 100_000);
  });
  await eventually(() => said.includes(word) || child.exitCode !== null, { timeoutMs: 60_000 });
  assert.equal(child.exitCode, null, said);
  await delay(Math.random() * 200);
  child.kill('SIGKILL');
  await once(child, 'exit');
}
