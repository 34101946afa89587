import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { isHoldfastError, systemClock } from '@holdfast/core';
import {
  decryptWith,
  directoryDestination,
  encryptFor,
  newBackupId,
  pruneBackups,
} from '@holdfast/database/backup';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { describe, pieces, readAll, repositoryAt, storeBackup } from './backup-fixtures.ts';

let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-repository-'));
});
after(() => rm(directory, { recursive: true, force: true }));

const place = (name: string) => directoryDestination(join(directory, name));
const DATA = Buffer.concat([randomBytes(200_000), Buffer.alloc(500_000, 'row ')]);

test('a backup is listed after its commit and not before, and reads back as it was', async () => {
  const repository = repositoryAt(place('round'));
  const id = newBackupId('logical', new Date());
  const writer = await repository.begin(id);
  await writer.write('base.tar', pieces(DATA));
  await writer.write('dump/toc.dat', pieces(DATA), 'stored');
  const before = await repository.list();
  assert.deepEqual(
    [before.backups, before.broken.map(({ problem }) => problem)],
    [[], ['it is being written']],
  );
  const manifest = await writer.commit(describe(id));
  const backup = await repository.find('latest');
  assert.deepEqual(backup.manifest, manifest);
  assert.deepEqual([backup.seal, manifest.compression], ['valid', 'zstd']);
  assert.deepEqual(
    manifest.files.map(({ path, originalBytes }) => [path, originalBytes]),
    [
      ['base.tar.zst', DATA.byteLength],
      ['dump/toc.dat', null],
    ],
  );
  assert.deepEqual(await readAll(await repository.open(backup, 'base.tar', 'original')), DATA);
  assert.deepEqual(await readAll(await repository.open(backup, 'dump/toc.dat', 'original')), DATA);
  const stored = await readAll(await repository.open(backup, 'base.tar.zst', 'stored'));
  assert.deepEqual(zstdDecompressSync(stored), DATA);
  assert.deepEqual((await readdir(join(directory, 'round', id))).sort(), [
    'base.tar.zst',
    'dump',
    'manifest.json',
  ]);
});

test('files are for their owner alone', async () => {
  const { id } = await storeBackup(repositoryAt(place('modes')), { 'data/base/1/2': DATA });
  const modes = await Promise.all(
    ['', id, join(id, 'data/base'), join(id, 'data/base/1/2.zst'), join(id, 'manifest.json')].map(
      async path => ((await stat(join(directory, 'modes', path))).mode & 0o777).toString(8),
    ),
  );
  assert.deepEqual(modes, ['700', '700', '700', '600', '600']);
});

test('gzip is gzip, and none is the file itself', async () => {
  for (const compression of ['gzip', 'none'] as const) {
    const repository = repositoryAt(place(compression), { compression });
    const { id, files } = await storeBackup(repository, { 'dump.sql': DATA });
    const stored = await readFile(join(directory, compression, id, files[0]?.path ?? ''));
    assert.deepEqual(compression === 'gzip' ? gunzipSync(stored) : stored, DATA);
    const backup = await repository.find(id);
    assert.deepEqual(await readAll(await repository.open(backup, 'dump.sql', 'original')), DATA);
  }
});

test('what is encrypted can be read with the identity alone, compressed already or not', async () => {
  const identity = await generateX25519Identity();
  const encryption = encryptFor([await identityToRecipient(identity)]);
  const repository = repositoryAt(place('age'), { encryption });
  const id = newBackupId('logical', new Date());
  const writer = await repository.begin(id);
  await writer.write('dump.sql', pieces(DATA));
  await writer.write('dump/1.dat.gz', pieces(DATA), 'stored');
  await writer.write('empty', pieces(Buffer.alloc(0)), 'stored');
  const manifest = await writer.commit(describe(id));
  assert.deepEqual(
    manifest.files.map(({ path }) => path),
    ['dump.sql.zst.age', 'dump/1.dat.gz.age', 'empty.age'],
  );
  const backup = { manifest };
  await assert.rejects(
    repository.open(backup, 'dump.sql', 'original'),
    error => isHoldfastError(error, 'backup_not_possible') && /HOLDFAST_BACKUP_IDENTITY/.test(error.message),
  );
  const reader = repositoryAt(place('age'), { decryption: decryptWith(`# mine\n${identity}\n`) });
  for (const [path, content] of [
    ['dump.sql', DATA],
    ['dump/1.dat.gz', DATA],
    ['empty', Buffer.alloc(0)],
  ] as const) {
    assert.deepEqual(await readAll(await reader.open(backup, path, 'original')), content);
  }
  const stranger = repositoryAt(place('age'), { decryption: decryptWith(await generateX25519Identity()) });
  const stream = await stranger.open(backup, 'dump.sql', 'original');
  await assert.rejects(readAll(stream), error => isHoldfastError(error, 'backup_not_possible'));
});

test('a damaged file fails while it is read, at the latest at its end', async () => {
  const repository = repositoryAt(place('damaged'));
  const { id } = await storeBackup(repository, { 'base.tar': DATA, 'plain.txt': Buffer.from('short') });
  const backup = await repository.find(id);
  for (const name of ['base.tar.zst', 'plain.txt.zst']) {
    const path = join(directory, 'damaged', id, name);
    const good = await readFile(path);
    const flipped = Buffer.from(good);
    flipped[good.byteLength >> 1] = (flipped[good.byteLength >> 1] ?? 0) ^ 4;
    const longer = Buffer.concat([good, Buffer.from('x')]);
    for (const bad of [flipped, good.subarray(0, -1), good.subarray(0, 0), longer]) {
      await writeFile(path, bad);
      for (const form of ['stored', 'original'] as const) {
        await assert.rejects(
          async () => readAll(await repository.open(backup, name, form)),
          error => isHoldfastError(error, 'backup_damaged') && error.message.includes(name),
        );
      }
    }
    await rm(path);
    await assert.rejects(repository.open(backup, name, 'stored'), error =>
      isHoldfastError(error, 'backup_damaged'),
    );
  }
});

test('a backup is found by id, by a unique beginning, and as latest', async () => {
  const repository = repositoryAt(place('find'));
  const ids: string[] = [];
  for (const day of [1, 2, 12]) {
    const { id } = await storeBackup(repository, { a: DATA }, { at: new Date(Date.UTC(2026, 0, day)) });
    ids.push(id);
  }
  const found = async (id: string) => (await repository.find(id)).manifest.id;
  assert.equal(await found('latest'), ids[2]);
  assert.equal(await found(ids[1] ?? ''), ids[1]);
  assert.equal(await found('20260102'), ids[1]);
  for (const wrong of ['2026010', '2027', '', '../etc', 'lates']) {
    await assert.rejects(repository.find(wrong), error => isHoldfastError(error, 'backup_unknown'), wrong);
  }
  const { backups } = await repository.list();
  assert.deepEqual(
    backups.map(({ manifest }) => manifest.id),
    ids.toReversed(),
  );
});

test('the data failing or the reader leaving ends a write without a file', async () => {
  const destination = place('failing');
  const repository = repositoryAt(destination);
  const id = newBackupId('logical', new Date());
  const writer = await repository.begin(id);
  let closed = false;
  async function* failing() {
    try {
      yield DATA;
      throw Object.assign(new Error('the connection was cut'), { code: 'ECONNRESET' });
    } finally {
      closed = true;
    }
  }
  await assert.rejects(writer.write('base.tar', failing()), { message: 'the connection was cut' });
  assert.equal(closed, true);
  assert.deepEqual(await readdir(join(directory, 'failing', id)), ['writing.json']);
  await writer.write('base.tar', pieces(DATA));
  await writer.abandon();
  assert.deepEqual(await destination.list(''), []);
});

test('a full disk is named, ends the source, and leaves nothing', async t => {
  const full = join(directory, 'full');
  await mkdir(full);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', full], { stdio: 'ignore' });
  } catch {
    return t.skip('mounting a small file system needs root');
  }
  try {
    const repository = repositoryAt(directoryDestination(join(full, 'backups')), { compression: 'none' });
    const writer = await repository.begin(newBackupId('physical', new Date()));
    let closed = false;
    async function* endless() {
      try {
        for (;;) yield randomBytes(65_536);
      } finally {
        closed = true;
      }
    }
    await assert.rejects(
      writer.write('base.tar', endless()),
      error =>
        isHoldfastError(error, 'backup_destination_failed') &&
        error.message.includes('the disk is full') &&
        error.message.includes(full),
    );
    assert.equal(closed, true);
    await writer.abandon();
    assert.deepEqual(await repository.destination.list(''), []);
    assert.deepEqual(await readdir(join(full, 'backups')), []);
  } finally {
    execFileSync('umount', [full]);
  }
});

test('names cannot leave their place', async () => {
  const destination = place('names');
  for (const name of ['../a', '/etc/passwd', 'a/../../b', 'a//b', '', 'a\\b', 'a\0b', '.', 'a/./b']) {
    await assert.rejects(
      async () => destination.write(name, pieces(DATA)),
      error => isHoldfastError(error, 'backup_destination_failed'),
      JSON.stringify(name),
    );
    await assert.rejects(async () => destination.read(name), JSON.stringify(name));
    await assert.rejects(async () => destination.remove(name), JSON.stringify(name));
  }
});

test('a manifest that lacks files is refused, and so are names of its own', async () => {
  const repository = repositoryAt(place('commit'));
  const id = newBackupId('logical', new Date());
  const writer = await repository.begin(id);
  await writer.write('a', pieces(DATA), 'stored');
  await assert.rejects(writer.write('a', pieces(DATA), 'stored'), error =>
    isHoldfastError(error, 'internal'),
  );
  await assert.rejects(writer.write('manifest.json', pieces(DATA), 'stored'));
  await assert.rejects(writer.write('validations/x.json', pieces(DATA), 'stored'));
  await rm(join(directory, 'commit', id, 'a'));
  await assert.rejects(writer.commit(describe(id)), error => isHoldfastError(error, 'backup_failed'));
  assert.deepEqual((await repository.list()).backups, []);
  await assert.rejects(repository.begin(id), error => isHoldfastError(error, 'backup_failed'));
});

test('what a killed process leaves is a leftover; what a living one writes is not; a lost manifest is neither', async () => {
  const repository = repositoryAt(place('killed'));
  const living = newBackupId('logical', new Date('2026-03-01T00:00:00Z'));
  const writer = await repository.begin(living);
  const killed = newBackupId('logical', new Date('2026-03-02T00:00:00Z'));
  const script = `
    const { repositoryAt } = await import(process.argv[1]);
    const { directoryDestination } = await import('@holdfast/database/backup');
    const repository = repositoryAt(directoryDestination(process.argv[2]));
    const writer = await repository.begin(process.argv[3]);
    await writer.write('base.tar', (async function* () {
      yield Buffer.alloc(100_000);
      console.log('half-way');
      await new Promise(resolve => setTimeout(resolve, 600_000));
    })(), 'stored');`;
  const child = spawn(
    process.execPath,
    [
      '--conditions=holdfast-source',
      '--input-type=module',
      '-e',
      script,
      join(import.meta.dirname, 'backup-fixtures.ts'),
      join(directory, 'killed'),
      killed,
    ],
    { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(child.stdout, 'data');
  const during = (await repository.list()).broken;
  assert.deepEqual(
    during.map(({ id, leftover }) => [id, leftover]),
    [
      [killed, false],
      [living, false],
    ],
  );
  child.kill('SIGKILL');
  await once(child, 'exit');
  const lost = await storeBackup(repository, { a: DATA }, { at: new Date('2026-03-03T00:00:00Z') });
  await rm(join(directory, 'killed', lost.id, 'manifest.json'));
  const { backups, broken } = await repository.list();
  assert.deepEqual(backups, []);
  assert.deepEqual(
    broken.map(({ id, leftover }) => [id, leftover]),
    [
      [lost.id, false],
      [killed, true],
      [living, false],
    ],
  );
  await repository.remove(killed);
  await writer.abandon();
  assert.deepEqual(await readdir(join(directory, 'killed')), [lost.id]);
});

test('a removal that was interrupted hides the backup, and the next one finishes it', async () => {
  const repository = repositoryAt(place('removal'));
  const { id } = await storeBackup(repository, { a: DATA, b: DATA });
  await writeFile(join(directory, 'removal', id, 'removing.json'), '{}\n');
  const { backups, broken } = await repository.list();
  assert.deepEqual([backups.length, broken.map(({ leftover }) => leftover)], [0, [true]]);
  await assert.rejects(repository.find(id), error => isHoldfastError(error, 'backup_damaged'));
  const result = await pruneBackups({
    repository,
    policy: {},
    archives: [],
    dryRun: false,
    removeBroken: false,
    clock: systemClock,
    signal: new AbortController().signal,
  });
  assert.deepEqual(
    result.broken.map(item => item.id),
    [id],
  );
  assert.deepEqual(await readdir(join(directory, 'removal')), []);
});

test('a copy is the same to the last byte, and a damaged backup is not copied', async () => {
  const [one, two] = [
    repositoryAt(place('copy-one')),
    repositoryAt(place('copy-two'), { compression: 'none' }),
  ];
  const manifest = await storeBackup(one, { 'base.tar': DATA, 'data/1': DATA });
  await two.copyFrom(one, { manifest });
  for (const name of ['manifest.json', 'base.tar.zst', 'data/1.zst']) {
    assert.deepEqual(
      await readFile(join(directory, 'copy-two', manifest.id, name)),
      await readFile(join(directory, 'copy-one', manifest.id, name)),
    );
  }
  assert.equal((await two.find(manifest.id)).seal, 'valid');
  await assert.rejects(two.copyFrom(one, { manifest }), error => isHoldfastError(error, 'backup_failed'));
  await two.remove(manifest.id);
  await appendFile(join(directory, 'copy-one', manifest.id, 'data/1.zst'), 'x');
  await assert.rejects(two.copyFrom(one, { manifest }), error => isHoldfastError(error, 'backup_damaged'));
  assert.deepEqual(await readdir(join(directory, 'copy-two'), { recursive: true }), []);
});

test('what was still to be written when a backup is given up does not come back', async t => {
  const directory = await mkdtemp(join(tmpdir(), 'hf-given-up-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const repository = repositoryAt(directoryDestination(directory));
  const writer = await repository.begin(newBackupId('physical', new Date()));
  await writer.abandon();
  await assert.rejects(writer.write('late.tar', pieces(Buffer.from('x'))), /was given up/);
  assert.deepEqual(await repository.destination.list(''), []);
});

test('what is wrong with a file is told as a problem of the backup, whoever reads it', async () => {
  const repository = repositoryAt(place('told'), { compression: 'none' });
  const { id } = await storeBackup(repository, { 'data/base/1/2': DATA });
  const path = join(directory, 'told', id, 'data/base/1/2');
  const backup = await repository.find(id);
  const changes: [string, () => Promise<void>][] = [
    ['wrong_hash', () => writeFile(path, Buffer.alloc(DATA.byteLength))],
    ['wrong_size', () => writeFile(path, DATA.subarray(1))],
    ['missing_file', () => rm(path)],
  ];
  for (const [code, change] of changes) {
    await change();
    await assert.rejects(
      async () => readAll(await repository.open(backup, 'data/base/1/2', 'original')),
      (error: unknown) => {
        assert.ok(isHoldfastError(error, 'backup_damaged'));
        const [problem] = (error.details?.problems ?? []) as {
          code: string;
          subject: string;
          message: string;
        }[];
        assert.deepEqual([problem?.code, problem?.subject], [code, 'data/base/1/2']);
        assert.doesNotMatch(problem?.message ?? '', /is damaged|\.$/);
        return true;
      },
    );
  }
});
