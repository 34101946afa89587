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

async function spoolDirectory(t: TestContext): Promise<string> {
  const spool = await mkdtemp(join(tmpdir(), 'hf-spool-'));
  t.after(() => rm(spool, { recursive: true, force: true }));
  return spool;
}

let identity: string;
let recipient: string;
before(async () => {
  identity = await generateX25519Identity();
  recipient = await identityToRecipient(identity);
});

test('an encrypted archive has nothing in plain text, and is read with the identity alone', async t => {
  const spool = await spoolDirectory(t);
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

test('a local directory has the segment being written itself, also when there is a place for it beside', async t => {
  const spool = await spoolDirectory(t);
  const place = { ...(await archivePlace(t)), spool };
  const { db, walDirectory } = await archiveSome(t, place);
  assert.deepEqual(await readdir(spool), []);
  const elsewhere = await openArchiveOf(db, { ...place, spool: undefined });
  const names = (await elsewhere.list()).map(({ name }) => name);
  assert.ok(names.at(-1)?.endsWith('.partial'), JSON.stringify(names));
  assert.equal(await assertSameAsServer(elsewhere, walDirectory), names.length);
  assert.deepEqual(await elsewhere.ranges(), await (await openArchiveOf(db, place)).ranges());
});

test('an encrypted archive leads as far from elsewhere when the archiving has ended in order', async t => {
  const base = await archivePlace(t);
  const encryption = { encryption: encryptFor([recipient]), decryption: decryptWith(identity) };
  const place = { ...base, ...encryption, spool: await spoolDirectory(t) };
  const { db, walDirectory, cluster } = await archiveSome(t, place);
  const far = await openArchiveOf(db, { ...place, spool: undefined });
  const [partial] = (await far.list()).map(({ name }) => name).filter(name => name.endsWith('.partial'));
  assert.ok(partial !== undefined);
  await assertSameAsServer(far, walDirectory);
  const near = await openArchiveOf(db, place);
  assert.deepEqual(await far.ranges(), await near.ranges());

  // while the archiving goes on the place is behind, and the complete segment takes the place of what was stored
  const receiver = startReceiver(t, cluster.superuserUrl, place);
  await db.script('create table more (a int)');
  await receiver.reached(await flushedLsn(db));
  const [[here], [there]] = [await near.ranges({ times: false }), await far.ranges({ times: false })];
  assert.equal(here?.storedToLsn, there?.toLsn);
  assert.ok(parseLsn(here?.toLsn ?? '') > parseLsn(there?.toLsn ?? ''));
  await db.script('select pg_switch_wal()');
  const whole = partial.replace('.partial', '');
  await eventually(() => receiver.events.some(event => event.kind === 'sealed' && event.segment === whole));
  const stored = await place.destination.list(`wal/${far.systemIdentifier}/${whole}`);
  assert.deepEqual(
    stored.map(({ name }) => name.slice(name.indexOf(whole))),
    [`${whole}.json`, `${whole}.zst.age`],
  );
  await receiver.stop();
  await assertSameAsServer(far, walDirectory);
});

test('an end that was not stored wholly is told, counts for nothing, and is replaced by the next one', async t => {
  const place = { ...(await archivePlace(t)), compression: 'none', spool: await spoolDirectory(t) } as const;
  const encrypted = { ...place, encryption: encryptFor([recipient]), decryption: decryptWith(identity) };
  const { db, walDirectory, cluster } = await archiveSome(t, encrypted);
  const write: typeof place.destination.write = (name, data) =>
    name.endsWith('.partial.json')
      ? Promise.reject(new Error('cut off'))
      : place.destination.write(name, data);
  const cutOff = startReceiver(t, cluster.superuserUrl, {
    ...encrypted,
    destination: { ...place.destination, write },
  });
  await cutOff.reached(await flushedLsn(db));
  await cutOff.stop();
  assert.equal(cutOff.events.at(-1)?.kind, 'unfinished');
  const far = await openArchiveOf(db, { ...encrypted, spool: undefined });
  const isPartial = ({ name }: { readonly name: string }): boolean => name.endsWith('.partial');
  assert.deepEqual((await far.list()).filter(isPartial), []);
  await assertSameAsServer(far, walDirectory);

  const again = startReceiver(t, cluster.superuserUrl, encrypted);
  await again.reached(await flushedLsn(db));
  await again.stop();
  assert.equal((await far.list()).filter(isPartial).length, 1);
  await assertSameAsServer(far, walDirectory);
  assert.equal((await far.ranges()).length, 1);
});

test('when encryption is switched on the segment being written goes with it, and leaves nothing in plain text', async t => {
  const base = await archivePlace(t);
  const { db, walDirectory, cluster } = await archiveSome(t, base);
  const encryption = { encryption: encryptFor([recipient]), decryption: decryptWith(identity) };
  const place = { ...base, ...encryption, spool: await spoolDirectory(t) };
  const receiver = startReceiver(t, cluster.superuserUrl, place);
  await db.script('create table more (a int)');
  await receiver.reached(await flushedLsn(db));
  const files = await readdir(join(base.destination.directory ?? '', 'wal', await systemIdentifier(db)));
  assert.deepEqual(
    files.filter(name => name.endsWith('.partial')),
    [],
  );
  await receiver.stop();
  const archive = await openArchiveOf(db, place);
  await assertSameAsServer(archive, walDirectory);
  assert.equal((await archive.ranges()).length, 1);
  assert.deepEqual(
    receiver.events.filter(({ kind }) => kind === 'gap' || kind === 'interrupted' || kind === 'branch'),
    [],
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
