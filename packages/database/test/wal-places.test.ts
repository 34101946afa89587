import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { before, type TestContext, test } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import {
  type ArchivePlace,
  decryptWith,
  encryptFor,
  listCommits,
  openWalArchive,
} from '@holdfast/database/backup';
import { formatLsn, parseLsn, sql } from '@holdfast/postgres';
import { eventually, throwawayHome } from '@holdfast/testing';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import {
  archivePlace,
  assertSameAsServer,
  contentOf,
  flushedLsn,
  openArchiveOf,
  openConnection,
  placeIn,
  startReceiver,
  systemIdentifier,
} from './wal-fixtures.ts';

const SETTINGS = { fsync: 'off', wal_keep_size: '1GB', autovacuum: 'off' };

async function archiveSome(t: TestContext, place: ArchivePlace) {
  const { start } = await throwawayHome(t);
  const cluster = await start({ settings: SETTINGS });
  const db = await openConnection(t, cluster.superuserUrl);
  const receiver = startReceiver(t, cluster.superuserUrl, place);
  await eventually(() => receiver.events.some(({ kind }) => kind === 'streaming'));
  await db.script("create table t as select repeat('x', 1000) as text from generate_series(1, 40000)");
  await receiver.reached(await flushedLsn(db));
  await receiver.stop();
  return { db, walDirectory: join(cluster.dataDir, 'pg_wal'), cluster };
}

let identity: string;
let recipient: string;
before(async () => {
  identity = await generateX25519Identity();
  recipient = await identityToRecipient(identity);
});

test('an encrypted archive has nothing in plain text, and is read with the identity alone', async t => {
  const spool = await mkdtemp(join(tmpdir(), 'hf-spool-'));
  t.after(() => rm(spool, { recursive: true, force: true }));
  const base = await archivePlace(t);
  const encrypted = {
    ...base,
    encryption: encryptFor([recipient]),
    decryption: decryptWith(identity),
    spool,
  };
  const { db, walDirectory } = await archiveSome(t, encrypted);
  assert.ok((await assertSameAsServer(await openArchiveOf(db, encrypted), walDirectory)) >= 2);
  const files = await readdir(join(base.destination.directory ?? '', 'wal', await systemIdentifier(db)));
  assert.ok(files.length > 2);
  assert.deepEqual(
    files.filter(name => !/\.(zst\.age|json)$/.test(name)),
    [],
  );
  const locked = await openArchiveOf(db, { ...encrypted, decryption: undefined });
  const [first] = await locked.list();
  await assert.rejects(contentOf(locked, first?.name ?? ''), error =>
    isHoldfastError(error, 'backup_not_possible'),
  );
});

test('an encrypted archive without a place for the segment being written is refused', async t => {
  const place = { ...(await archivePlace(t)), encryption: encryptFor([recipient]) };
  const { start } = await throwawayHome(t);
  const cluster = await start({ settings: SETTINGS });
  const receiver = startReceiver(t, cluster.superuserUrl, place);
  const event = await eventually(() => receiver.events.find(({ kind }) => kind === 'interrupted'));
  assert.ok(event.kind === 'interrupted' && isHoldfastError(event.error, 'configuration_invalid'));
});

test('damage is found, what is removed is gone, and what is missing is a gap', async t => {
  const place = await archivePlace(t);
  const { db, cluster } = await archiveSome(t, place);
  const archive = await openArchiveOf(db, place);
  const whole = (await archive.list()).filter(({ name }) => !name.endsWith('.partial'));
  const [first, second] = whole;
  assert.ok(first !== undefined && second !== undefined && whole.length >= 2);

  const stored = join(
    place.destination.directory ?? '',
    'wal',
    archive.systemIdentifier,
    `${second.name}.zst`,
  );
  const good = await readFile(stored);
  const bad = Buffer.from(good);
  const middle = bad.length >> 1;
  bad[middle] = (bad[middle] ?? 0) ^ 1;
  for (const damaged of [bad, good.subarray(0, middle)]) {
    await writeFile(stored, damaged);
    await assert.rejects(contentOf(archive, second.name), error => isHoldfastError(error, 'backup_damaged'));
  }
  await writeFile(stored, good);
  await assert.rejects(archive.open('../../etc/passwd'), error => isHoldfastError(error, 'not_found'));

  const [range] = await archive.ranges({ times: false });
  const end = formatLsn(parseLsn(range?.fromLsn ?? '') + BigInt(archive.segmentBytes));
  assert.deepEqual(await archive.removeBefore(range?.fromLsn ?? ''), []);
  assert.deepEqual(await archive.removeBefore(end), [first.name]);
  const [left] = await archive.ranges({ times: false });
  assert.deepEqual([left?.fromLsn, left?.beginning.kind], [end, 'removed']);

  // the archive goes on, and a hole in it shows
  const receiver = startReceiver(t, cluster.superuserUrl, place);
  await db.query(sql`select pg_switch_wal()`);
  await db.script('create table u (a int)');
  await receiver.reached(await flushedLsn(db));
  await receiver.stop();
  const [, lost] = await archive.list();
  await rm(join(stored, '..', `${lost?.name}.json`));
  const kinds = (await archive.ranges({ times: false })).map(({ beginning }) => beginning.kind);
  assert.deepEqual(kinds, ['removed', 'gap']);
});

test('a place without an archive has none', async t => {
  const directory = await mkdtemp(join(tmpdir(), 'hf-none-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  assert.equal(await openWalArchive(placeIn(directory), '7710623056337685973'), undefined);
});

test('commits are not read out of WAL that was altered', async t => {
  const place = { ...(await archivePlace(t)), compression: 'none' } as const;
  const { db } = await archiveSome(t, place);
  const archive = await openArchiveOf(db, place);
  const content = await contentOf(archive, (await archive.list())[0]?.name ?? '');
  // where a page says which one it is
  content[3 * 8192 + 8] = (content[3 * 8192 + 8] ?? 0) ^ 1;
  const altered = { ...archive, open: async () => Readable.from([content]) };
  await assert.rejects(
    async () => {
      for await (const _ of listCommits(altered));
    },
    error => isHoldfastError(error, 'backup_damaged'),
  );
});
