import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  directoryDestination,
  listCommits,
  openWalArchive,
  type WalArchive,
} from '@holdfast/database/backup';
import { homePaths, readWalStatus } from '@holdfast/keeper';
import { connect, parseLsn, sql } from '@holdfast/postgres';
import { readClusterState } from '@holdfast/postgres/cluster';
import { eventually, startSupervisedStack } from '@holdfast/testing';

const PATIENCE = { timeoutMs: 60_000, pollMs: 100 };
const stack = await startSupervisedStack();
after(() => stack.close());

interface Written {
  readonly xid: string;
  readonly lsn: string;
  readonly systemIdentifier: string;
}

test('holdfast start archives the WAL, across a crash of PostgreSQL, and stops in order', async () => {
  const before = await writeRow();
  await isArchived(before.lsn);
  const { postgres } = await stack.pids();
  assert.ok(postgres !== undefined);
  process.kill(postgres, 'SIGKILL');
  const later = await eventually(async () => {
    assert.notEqual((await stack.pids()).postgres, postgres);
    return writeRow();
  }, PATIENCE);
  await isArchived(later.lsn);
  const last = await writeRow();
  await stack.stop();
  assert.deepEqual(await stack.pids(), {});
  const archive = await openArchive(before.systemIdentifier);
  const ranges = await archive.ranges();
  assert.equal(ranges.length, 1, JSON.stringify(ranges));
  const xids = new Set<string>();
  for await (const { xid } of listCommits(archive)) xids.add(xid);
  for (const { xid } of [before, later, last]) assert.ok(xids.has(xid));
  const [status] = readWalStatus(homePaths(stack.home).walStatus);
  assert.equal(status?.state, 'stopped');
  assert.equal(status.destination, join(stack.home, 'backups'));
});

async function writeRow(): Promise<Written> {
  const cluster = await readClusterState(stack.home);
  const db = await connect({ url: cluster?.superuserUrl ?? '' });
  try {
    await db.script('create table if not exists archived (a int); begin; insert into archived values (1)');
    const written = await db.one(sql<{ xid: string; systemIdentifier: string }>`
      select pg_current_xact_id()::text as xid, system_identifier::text as "systemIdentifier" from pg_control_system()
    `);
    await db.script('commit');
    const { lsn } = await db.one(sql<{ lsn: string }>`select pg_current_wal_flush_lsn()::text as lsn`);
    return { ...written, lsn };
  } finally {
    await db.close();
  }
}

/** As the keeper says itself. */
async function isArchived(lsn: string): Promise<void> {
  await eventually(() => {
    const [status] = readWalStatus(homePaths(stack.home).walStatus);
    return status?.durableLsn != null && parseLsn(status.durableLsn) >= parseLsn(lsn);
  }, PATIENCE);
}

/** As another machine would see it, which has nothing but the place. */
async function openArchive(systemIdentifier: string): Promise<WalArchive> {
  const place = {
    destination: directoryDestination(join(stack.home, 'backups')),
    compression: 'zstd',
    encryption: undefined,
    decryption: undefined,
    spool: undefined,
  } as const;
  const archive = await openWalArchive(place, systemIdentifier);
  assert.ok(archive !== undefined);
  return archive;
}
