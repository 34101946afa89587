import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import {
  type BaseBackup,
  type Connection,
  connect,
  openReplication,
  parseLsn,
  type ReplicationSession,
  segmentName,
  segmentStart,
  sql,
  sqlState,
} from '@holdfast/postgres';
import { type Cluster, startCluster, stopCluster } from '@holdfast/postgres/cluster';
import { eventually } from '@holdfast/testing';

const SEGMENT_BYTES = 16 * 1024 ** 2;

describe('the replication protocol of PostgreSQL 18', () => {
  let home: string;
  let cluster: Cluster;
  let db: Connection;

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'hf-replication-'));
    await chmod(home, 0o755);
    const settings = { fsync: 'off', max_wal_size: '2GB' };
    cluster = await startCluster({ home, sharedDir: join(home, 'shared'), settings });
    db = await connect({ url: cluster.superuserUrl });
  });
  after(async () => {
    await db?.close();
    await stopCluster(home, 'immediate');
    await rm(home, { recursive: true, force: true });
  });

  async function withSession<T>(
    work: (session: ReplicationSession) => Promise<T>,
    options: { database?: boolean } = {},
  ): Promise<T> {
    const session = await openReplication({ url: cluster.superuserUrl, ...options });
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  }

  const currentLsn = async (): Promise<string> =>
    (await db.one(sql<{ lsn: string }>`select pg_current_wal_flush_lsn()::text as lsn`)).lsn;

  test('a session says what system it is on, and survives refused commands', async () => {
    await withSession(async session => {
      const { system } = await db.one(
        sql<{ system: string }>`select system_identifier::text as system from pg_control_system()`,
      );
      const identity = await session.identifySystem();
      assert.equal(identity.systemIdentifier, system);
      assert.equal(identity.timeline, 1);
      assert.equal(identity.database, null);
      assert.equal(session.majorVersion, 18);
      await assert.rejects(session.timelineHistory(7), error => {
        assert.equal(sqlState(error), '58P01');
        return isHoldfastError(error, 'replication_failed');
      });
      await assert.rejects(session.show('port; drop table x'), error =>
        isHoldfastError(error, 'invalid_request'),
      );
      assert.equal(await session.show('wal_segment_size'), '16MB');
    });
  });

  test('slots are made, read and dropped', async () => {
    await withSession(async session => {
      assert.equal(await session.readSlot('kept'), undefined);
      await session.createPhysicalSlot('kept', { temporary: false, reserveWal: true });
      const slot = await session.readSlot('kept');
      assert.equal(slot?.restartTimeline, 1);
      assert.ok(slot?.restartLsn != null && parseLsn(slot.restartLsn) > 0n);
      await session.dropSlot('kept');
      assert.equal(await session.readSlot('kept'), undefined);
    });
  });

  test('two commands at once are refused', async () => {
    await withSession(async session => {
      const first = session.show('port');
      await assert.rejects(session.show('port'), error => isHoldfastError(error, 'internal'));
      await first;
    });
  });

  test('a base backup has all files that its manifest names', async () => {
    await withSession(async session => {
      const backup = await session.baseBackup({ label: "it's one", checkpoint: 'fast', includeWal: true });
      assert.ok((backup.totalBytes ?? 0) > 10_000_000);
      assert.deepEqual(backup.tablespaces, []);
      const parts = await readParts(backup);
      assert.deepEqual([...parts.keys()], ['base.tar', 'backup_manifest']);
      const sizes = tarEntries(parts.get('base.tar') ?? Buffer.alloc(0));
      const { Files } = JSON.parse(String(parts.get('backup_manifest'))) as ServerManifest;
      assert.ok(Files.length > 500);
      for (const { Path, Size } of Files) assert.equal(sizes.get(Path), Size, Path);
      const { stopLsn } = await backup.finished();
      assert.ok(parseLsn(stopLsn) > parseLsn(backup.startLsn));
      assert.ok(sizes.has(`pg_wal/${segmentName(1, parseLsn(backup.startLsn), SEGMENT_BYTES)}`));
      assert.equal(await session.show('port'), String(cluster.port));
    });
  });

  test('the server compresses a base backup when asked to', async () => {
    await withSession(async session => {
      const serverCompression = { method: 'gzip', level: 1 } as const;
      const options = { label: 'small', checkpoint: 'fast', includeWal: false, serverCompression } as const;
      const backup = await session.baseBackup(options);
      const parts = await readParts(backup);
      assert.equal(parts.get('base.tar.gz')?.readUInt16BE(0), 0x1f8b);
      assert.deepEqual([...parts.keys()], ['base.tar.gz', 'backup_manifest']);
    });
  });

  test('a base backup that nobody reads on ends, and its part fails', async () => {
    await withSession(async session => {
      const backup = await session.baseBackup({ label: 'left', checkpoint: 'fast', includeWal: false });
      await assert.rejects(async () => {
        for await (const _ of backup.parts());
      }, /left before its end/);
      await assert.rejects(session.show('port'), error => isHoldfastError(error));
    });
    await eventually(async () => {
      const { running } = await db.one(
        sql<{ running: number }>`select count(*)::int as running from pg_stat_progress_basebackup`,
      );
      return running === 0;
    });
  });

  test('a base backup whose server process is ended says so', async () => {
    await withSession(async session => {
      const options = { label: 'cut', checkpoint: 'fast', includeWal: false, maxRate: 1024 } as const;
      const backup = await session.baseBackup(options);
      await assert.rejects(
        async () => {
          for await (const { data } of backup.parts()) {
            await db.many(sql`select pg_terminate_backend(pid) from pg_stat_progress_basebackup`);
            for await (const _ of data);
          }
        },
        error => isHoldfastError(error, 'database_unavailable') && sqlState(error) === '57P01',
      );
    });
  });

  test('the stream of WAL is what the server has in its files', async () => {
    const from = segmentStart(parseLsn(await currentLsn()), SEGMENT_BYTES);
    const start = `${(from >> 32n).toString(16)}/${(from & 0xffffffffn).toString(16)}`;
    await db.script("create table noise as select repeat('x', 1000) as text from generate_series(1, 40000)");
    const target = from + BigInt(2 * SEGMENT_BYTES);
    const hashes = await withSession(async session => {
      await session.createPhysicalSlot('noise', { temporary: true, reserveWal: true });
      const stream = await session.streamWal({ slot: 'noise', timeline: 1, from: start });
      const streamed: Buffer[] = [];
      let bytes = 0;
      for await (const { data, endLsn } of stream.messages()) {
        streamed.push(data);
        bytes += data.length;
        stream.confirm(endLsn);
        if (from + BigInt(bytes) >= target) void stream.stop();
      }
      assert.equal(stream.next, undefined);
      // the connection is good for another command
      assert.equal((await session.readSlot('noise'))?.restartTimeline, 1);
      return Buffer.concat(streamed);
    });
    for (const index of [0, 1]) {
      const name = segmentName(1, from + BigInt(index * SEGMENT_BYTES), SEGMENT_BYTES);
      const file = await readFile(join(cluster.dataDir, 'pg_wal', name));
      const part = hashes.subarray(index * SEGMENT_BYTES, (index + 1) * SEGMENT_BYTES);
      assert.equal(sha256(part), sha256(file), name);
    }
  });

  test('WAL that is gone is an error with its state', async () => {
    await withSession(async session => {
      await assert.rejects(
        async () => {
          const stream = await session.streamWal({ timeline: 1, from: '0/1000000' });
          for await (const _ of stream.messages());
        },
        error => sqlState(error) === '58P01' && isHoldfastError(error, 'replication_failed'),
      );
    });
  });

  test('an exported snapshot is of the consistent point exactly', async () => {
    await db.script('create table points (a int); insert into points values (1)');
    await withSession(
      async session => {
        const { consistentPoint, snapshotName } = await session.createLogicalSnapshot('exact');
        await db.script('insert into points values (2)');
        await db.script(`begin isolation level repeatable read; set transaction snapshot '${snapshotName}'`);
        const { seen } = await db.one(sql<{ seen: number }>`select count(*)::int as seen from points`);
        await db.script('commit');
        assert.equal(seen, 1);
        assert.ok(parseLsn(consistentPoint) < parseLsn(await currentLsn()));
      },
      { database: true },
    );
  });

  test('a snapshot that transactions are in the way of is given up in time, and nothing of it stays', async () => {
    await db.script('begin; create table in_the_way (a int)');
    await withSession(
      async session => {
        await assert.rejects(
          session.createLogicalSnapshot('blocked', { waitMs: 200 }),
          error => isHoldfastError(error, 'database_timeout') && /pg_stat_activity/.test(error.message),
        );
        await db.script('rollback');
        assert.deepEqual(
          await db.many(sql`select 1 from pg_replication_slots where slot_name = 'blocked'`),
          [],
        );
        await session.createLogicalSnapshot('free');
      },
      { database: true },
    );
  });
});

interface ServerManifest {
  readonly Files: readonly { readonly Path: string; readonly Size: number }[];
}

async function readParts(backup: BaseBackup): Promise<Map<string, Buffer>> {
  const parts = new Map<string, Buffer>();
  for await (const { name, data } of backup.parts()) parts.set(name, await copyOf(data));
  return parts;
}

/** Pieces are overwritten by those that follow. */
async function copyOf(data: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of data) pieces.push(Uint8Array.from(piece));
  return Buffer.concat(pieces);
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Names and sizes of the regular files of a ustar archive, and that it ends as one. */
function tarEntries(tar: Buffer): Map<string, number> {
  const entries = new Map<string, number>();
  let at = 0;
  while (tar[at] !== 0) {
    const text = (from: number, length: number): string =>
      tar.toString('latin1', at + from, at + from + length).replace(/\0.*$/s, '');
    const bytes = Number.parseInt(text(124, 12), 8);
    if (text(156, 1) === '0') entries.set(text(0, 100), bytes);
    at += 512 + Math.ceil(bytes / 512) * 512;
  }
  assert.ok(tar.subarray(at).length >= 1024 && tar.subarray(at).every(byte => byte === 0));
  return entries;
}
