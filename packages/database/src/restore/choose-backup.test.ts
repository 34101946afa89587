import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BackupRepository, BrokenBackup, StoredBackup } from '../backup/backup-repository.ts';
import type { WalRange } from '../backup/wal-archive.ts';
import { chooseBackup } from './choose-backup.ts';
import type { RecoveryTarget } from './materialized-backup.ts';

const LOST: BrokenBackup = {
  id: '20261118T000000Z-physical-aaaa',
  problem: 'the manifest was edited',
  leftover: false,
  inWork: false,
  bytes: 1,
};

function backup(id: string, damaged: string | undefined): StoredBackup {
  const [day = ''] = id.split('T');
  const snapshotAt = `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T00:00:00.000Z`;
  const engine = id.includes('-logical-') ? 'logical' : 'physical';
  const validation = { result: 'damaged', problems: [{ subject: 'base.tar.zst', message: damaged }] };
  const point =
    engine === 'logical'
      ? { kind: engine, snapshotAt, lsn: '0/8000000' }
      : { kind: engine, snapshotAt, timeline: 1, startLsn: '0/2000000', stopLsn: '0/3000000' };
  const stored = {
    manifest: { id, engine, point, createdAt: snapshotAt, server: { systemIdentifier: '7' } },
    validations: damaged === undefined ? [] : [validation],
  };
  return stored as unknown as StoredBackup;
}

function range(toTime: string): WalRange {
  const beginning = { kind: 'first', reason: '', forkLsn: null, at: null } as const;
  return { timeline: 1, fromLsn: '0/1000000', toLsn: '0/9000000', fromTime: null, toTime, beginning };
}

async function chooseFor(
  target: RecoveryTarget,
  backups: readonly StoredBackup[],
  {
    broken = [],
    walOf = [],
    committedAfter = [],
  }: {
    readonly broken?: readonly BrokenBackup[];
    readonly walOf?: readonly StoredBackup[];
    /** Of these the WAL that continues them has every transaction. */
    readonly committedAfter?: readonly StoredBackup[];
  } = {},
) {
  const repository = { destination: { name: '/b' }, list: async () => ({ backups, broken }) };
  const rangesOf = async (of: StoredBackup) =>
    walOf.includes(of) ? [range('2026-11-21T12:00:00.000Z')] : [];
  return chooseBackup(repository as unknown as BackupRepository, undefined, target, {
    rangesOf,
    hasTransaction: async of => committedAfter.includes(of),
  });
}

function choose(backups: readonly StoredBackup[], broken: readonly BrokenBackup[], at?: string) {
  const target = at === undefined ? { kind: 'backup' as const } : { kind: 'time' as const, at: new Date(at) };
  return chooseFor(target, backups, { broken });
}

test('when none will do, each is named with what stands against it and what to type', async () => {
  const damaged = backup('20261120T000000Z-physical-bbbb', 'wrong hash');
  await assert.rejects(choose([damaged], [LOST]), {
    code: 'backup_not_found',
    message:
      "No backup at /b will do, of 2. Found damaged: 20261120T000000Z-physical-bbbb (base.tar.zst: wrong hash). When that was mended or was not the backup's fault, holdfast backup drill 20261120T000000Z-physical-bbbb looks again; a restore that names it tries it all the same. 20261118T000000Z-physical-aaaa cannot be used: the manifest was edited",
  });
  const late = [backup('20261121T000000Z-physical-cccc', undefined)];
  const dump = backup('20261101T000000Z-logical-dddd', undefined);
  await assert.rejects(choose([...late, damaged, dump], [], '2026-11-20T12:00:00Z'), {
    message:
      /^No backup at \/b will do, of 3\. One is later .*\(the oldest is of 2026-11-21T00.* One is only a dump, .*holdfast restore 20261101T000000Z-logical-dddd --plan/,
  });
  await assert.rejects(choose([], []), {
    message: 'There is no backup at /b. Make one with holdfast backup',
  });
  const chosen = await choose([damaged, ...late], []);
  assert.deepEqual([chosen.backup, chosen.passedOver], [late[0], [damaged]]);
});

test('the latest point is that of the backup that leads furthest, of any engine', async () => {
  const dump = backup('20261120T000000Z-logical-dddd', undefined);
  const older = backup('20261119T000000Z-physical-bbbb', undefined);
  const latest = { kind: 'latest' } as const;
  const without = await chooseFor(latest, [dump, older]);
  assert.equal(without.backup, dump);
  assert.deepEqual(without.reach, { target: { kind: 'backup' }, at: '2026-11-20T00:00:00.000Z', upTo: null });
  const withWal = await chooseFor(latest, [dump, older], { walOf: [older] });
  assert.equal(withWal.backup, older);
  assert.deepEqual(withWal.reach, { target: latest, at: '2026-11-21T12:00:00.000Z', upTo: '0/9000000' });
  const idle = backup('20261122T000000Z-logical-eeee', undefined);
  const quiet = await chooseFor(latest, [idle, older], { walOf: [older] });
  assert.equal(quiet.backup, older, 'a dump of a time without commits adds nothing to the WAL');
});

test('what WAL continues may be from before a repair, and its own point is passed over', async () => {
  const older = backup('20261119T000000Z-physical-aaaa', undefined);
  const plain = backup('20261120T000000Z-physical-bbbb', undefined);
  const broken = { ...plain, manifest: { ...plain.manifest, label: 'before a repair' } };
  const { backup: chosen, passedOver } = await choose([broken, older], []);
  assert.deepEqual([chosen, passedOver], [older, [broken]]);
  const time = { kind: 'time', at: new Date('2026-11-21T10:00:00Z') } as const;
  for (const target of [time, { kind: 'latest' } as const]) {
    const withWal = await chooseFor(target, [broken, older], { walOf: [broken] });
    assert.deepEqual([withWal.backup, withWal.passedOver], [broken, []]);
  }
  const without = await chooseFor({ kind: 'latest' }, [broken, older]);
  assert.deepEqual([without.backup, without.passedOver], [older, [broken]]);
});

test('a moment is reached from the newest backup that WAL continues, and refused when there is none', async () => {
  const gap = backup('20261120T000000Z-physical-bbbb', undefined);
  const joined = backup('20261119T000000Z-physical-aaaa', undefined);
  const target = { kind: 'time', at: new Date('2026-11-21T10:00:00Z') } as const;
  const { backup: chosen, reach } = await chooseFor(target, [gap, joined], { walOf: [joined] });
  assert.deepEqual([chosen, reach], [joined, { target, at: '2026-11-21T10:00:00.000Z', upTo: null }]);
  await assert.rejects(chooseFor(target, [gap, joined]), {
    code: 'restore_refused',
    message:
      /^No WAL continues this backup, so it can only be restored to its own point, 2026-11-20T00.*holdfast restore 20261120T000000Z-physical-bbbb --plan/,
  });
});

test('a transaction is reached from the newest backup that it comes after, and refused when it is in no WAL', async () => {
  const newer = backup('20261120T000000Z-physical-bbbb', undefined);
  const older = backup('20261119T000000Z-physical-aaaa', undefined);
  const walOf = [newer, older];
  for (const inclusive of [true, false]) {
    const target = { kind: 'transaction', xid: '740', inclusive } as const;
    const { backup: chosen } = await chooseFor(target, walOf, { walOf, committedAfter: [older] });
    assert.equal(chosen, older);
    await assert.rejects(chooseFor(target, walOf, { walOf }), {
      code: 'restore_refused',
      message:
        /^No transaction 740 was committed in the WAL that continues backup 20261120T000000Z-physical-bbbb\. The archive covers 0\/1000000/,
    });
  }
});
