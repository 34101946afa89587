import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { isHoldfastError, systemClock } from '@holdfast/core';
import {
  type BackupManifest,
  type BackupRepository,
  directoryDestination,
  encryptFor,
  newBackupId,
  verifyFiles,
} from '@holdfast/database/backup';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { describe, pieces, repositoryAt, SEAL_KEY } from './backup-fixtures.ts';

const FLIPS = 500;

type File = readonly [path: string, data: Buffer, form: 'stored' | 'original'];

const text = (bytes: number) => Buffer.alloc(bytes, 'insert into orders values (42);\n');
const LAYOUTS: Readonly<
  Record<string, { readonly files: readonly File[]; readonly compression: 'zstd' | 'gzip' | 'none' }>
> = {
  'physical, compressed': {
    compression: 'zstd',
    files: [
      ['base.tar', Buffer.concat([randomBytes(20_000), text(80_000)]), 'original'],
      ['pg_wal.tar', randomBytes(9_000), 'original'],
      ['backup_manifest', Buffer.from('{ "PostgreSQL-Backup-Manifest-Version": 2 }\n'), 'stored'],
    ],
  },
  'physical, plain': {
    compression: 'none',
    files: [
      ['data/backup_manifest', Buffer.from('{ "PostgreSQL-Backup-Manifest-Version": 2 }\n'), 'original'],
      ['data/PG_VERSION', Buffer.from('18\n'), 'original'],
      ...Array.from(
        { length: 12 },
        (_, index): File => [`data/base/5/${index}`, randomBytes(8_192), 'original'],
      ),
      ['data/base/5/pg_internal.init', Buffer.alloc(0), 'original'],
      ['data/pg_wal/000000010000000000000003', randomBytes(16_384), 'original'],
    ],
  },
  'logical directory': {
    compression: 'gzip',
    files: [
      ['dump/toc.dat', randomBytes(5_000), 'stored'],
      ['dump/3451.dat.gz', gzipSync(text(60_000)), 'stored'],
      ['dump/3452.dat.gz', gzipSync(randomBytes(12_000)), 'stored'],
    ],
  },
  'plain SQL': { compression: 'zstd', files: [['dump.sql', text(200_000), 'original']] },
};

let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-damage-'));
});
after(() => rm(directory, { recursive: true, force: true }));

interface Kept {
  readonly repository: BackupRepository;
  readonly manifest: BackupManifest;
  readonly root: string;
}

async function keep(name: string, layout: string, recipients: readonly string[] = []): Promise<Kept> {
  const { files, compression } = LAYOUTS[layout] ?? { files: [], compression: 'none' };
  const destination = directoryDestination(join(directory, name));
  const repository = repositoryAt(destination, { compression, encryption: encryptFor(recipients) });
  const id = newBackupId('logical', new Date());
  const writer = await repository.begin(id);
  for (const [path, data, form] of files) await writer.write(path, pieces(data), form);
  const manifest = await writer.commit(describe(id, { compression }));
  const kept = { repository, manifest, root: join(directory, name, id) };
  const { validation } = await verify(kept);
  assert.deepEqual(validation.problems, []);
  await repository.recordValidation(id, validation);
  return kept;
}

const verify = ({ repository, manifest }: Kept, sealKey: Uint8Array | undefined = SEAL_KEY) =>
  verifyFiles({
    repository,
    id: manifest.id,
    sealKey,
    clock: systemClock,
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });

async function problemsOf(
  kept: Kept,
  sealKey?: Uint8Array | undefined,
): Promise<(readonly [string, string])[]> {
  const { validation } = await verify(kept, sealKey);
  assert.equal(validation.result, validation.problems.length === 0 ? 'valid' : 'damaged');
  return validation.problems.map(({ code, subject }) => [code, subject] as const);
}

/** Numbers that are the same in every run (mulberry32), so that a miss can be found again. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

async function storedFiles(root: string): Promise<{ readonly path: string; readonly bytes: number }[]> {
  const names = await readdir(root, { recursive: true });
  const found = await Promise.all(
    names.map(async name => ({ path: join(root, name), info: await stat(join(root, name)) })),
  );
  return found.filter(({ info }) => info.isFile()).map(({ path, info }) => ({ path, bytes: info.size }));
}

/** Changes one bit, or the whole byte, in a random file at a random place; resolves to what puts it back. */
async function flip(root: string, random: () => number): Promise<{ what: string; undo(): Promise<void> }> {
  const files = (await storedFiles(root)).filter(({ bytes }) => bytes > 0);
  // Every file alike, else the small ones, the manifest among them, would hardly be met.
  const { path, bytes } = files[Math.floor(random() * files.length)] ?? { path: '', bytes: 0 };
  const offset = Math.floor(random() * bytes);
  const change = random() < 0.5 ? 1 << Math.floor(random() * 8) : 1 + Math.floor(random() * 255);
  const handle = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await handle.read(byte, 0, 1, offset);
  const before = byte[0] ?? 0;
  await handle.write(Buffer.from([before ^ change]), 0, 1, offset);
  return {
    what: `${path} at ${offset}: ${before} to ${before ^ change}`,
    undo: async () => {
      await handle.write(Buffer.from([before]), 0, 1, offset);
      await handle.close();
    },
  };
}

for (const [layout, seed] of [...Object.keys(LAYOUTS), 'encrypted'].map(
  (name, index) => [name, index] as const,
)) {
  test(`${FLIPS} changed bytes, each found: ${layout}`, async () => {
    const recipients = [await identityToRecipient(await generateX25519Identity())];
    const kept =
      layout === 'encrypted'
        ? await keep('flips-encrypted', 'physical, compressed', recipients)
        : await keep(`flips-${seed}`, layout);
    const random = numbers(seed);
    const missed: string[] = [];
    for (let turn = 0; turn < FLIPS; turn += 1) {
      const { what, undo } = await flip(kept.root, random);
      if ((await problemsOf(kept)).length === 0) missed.push(what);
      await undo();
    }
    assert.deepEqual(missed, []);
    assert.deepEqual(await problemsOf(kept), []);
  });
}

test('truncated, missing, extra and swapped files are named', async () => {
  const kept = await keep('files', 'physical, plain');
  const at = (path: string) => join(kept.root, path);
  const [one, two] = [at('data/base/5/1'), at('data/base/5/2')];
  await rename(one, at('aside'));
  assert.deepEqual(await problemsOf(kept), [
    ['missing_file', 'data/base/5/1'],
    ['extra_file', 'aside'],
  ]);
  await rename(two, one);
  await rename(at('aside'), two);
  const swapped = (await verify(kept)).validation.problems;
  assert.deepEqual(
    swapped.map(({ code, subject }) => [code, subject]),
    [
      ['wrong_hash', 'data/base/5/1'],
      ['wrong_hash', 'data/base/5/2'],
    ],
  );
  assert.match(swapped[0]?.message ?? '', /holds what belongs to data\/base\/5\/2/);
  await rename(one, at('aside'));
  await rename(two, one);
  await rename(at('aside'), two);
  const content = await readFile(one);
  for (const shorter of [0, 1, 8_191]) {
    await writeFile(one, content.subarray(0, shorter));
    assert.deepEqual(await problemsOf(kept), [['wrong_size', 'data/base/5/1']]);
  }
  await writeFile(one, content);
  assert.deepEqual(await problemsOf(kept), []);
  await rm(at('manifest.json'));
  assert.deepEqual(await problemsOf(kept), [['missing_manifest', 'manifest.json']]);
});

test('a manifest that was edited is found, and with the key also one whose hash was made to fit', async () => {
  const kept = await keep('edited', 'plain SQL');
  const path = join(kept.root, 'manifest.json');
  const written = await readFile(path, 'utf8');
  await writeFile(path, written.replace('"rows":3', '"rows":4'));
  assert.deepEqual(await problemsOf(kept), [['manifest_edited', 'manifest.json']]);

  const forged = forge(written, line => line.replace('"rows":3', '"rows":4'));
  await writeFile(path, forged);
  assert.deepEqual(await problemsOf(kept), [['manifest_edited', 'manifest.json']]);
  const keyless = { ...kept, repository: repositoryAt(kept.repository.destination, { sealKey: undefined }) };
  assert.deepEqual((await keyless.repository.find('latest')).manifest.databases[0]?.tables[0]?.rows, 4);

  await writeFile(
    path,
    forge(written, line => line.replace(/"seal": .*/, '"seal": null')),
  );
  assert.deepEqual(await problemsOf(kept), [['missing_seal', 'manifest.json']]);
  await writeFile(
    path,
    forge(written, line => line.replace(/"keyId":"[0-9a-f]*/, `"keyId":"${'0'.repeat(16)}`)),
  );
  assert.deepEqual(await problemsOf(kept), [['other_seal', 'manifest.json']]);
  await writeFile(path, written.replace('"version": 1', '"version": 2'));
  await assert.rejects(verify(kept), error => isHoldfastError(error, 'backup_not_possible'));
  await writeFile(path, written.slice(0, -40));
  assert.deepEqual(await problemsOf(kept), [['manifest_edited', 'manifest.json']]);
});

test('neither a manifest nor a validation can be that of another backup', async () => {
  const one = await keep('other-one', 'plain SQL');
  const other = await keep('other-two', 'plain SQL');
  const [validation = ''] = await readdir(join(one.root, 'validations'));
  await writeFile(
    join(other.root, 'validations', '20990101T000000000Z-drill.json'),
    await readFile(join(one.root, 'validations', validation)),
  );
  assert.deepEqual(await problemsOf(other), [
    ['altered_validation', 'validations/20990101T000000000Z-drill.json'],
  ]);
  assert.equal((await other.repository.find('latest')).validations.length, 1);
  await writeFile(join(other.root, 'manifest.json'), await readFile(join(one.root, 'manifest.json')));
  assert.deepEqual(await problemsOf(other), [['manifest_edited', 'manifest.json']]);
});

/** Edits a manifest and makes its hash fit, as anybody can who reads docs/backups.md. */
function forge(manifest: string, edit: (text: string) => string): string {
  const edited = edit(manifest);
  const { sha256: _, seal: __, ...rest } = JSON.parse(edited) as Record<string, unknown>;
  const sha256 = createHash('sha256').update(sortedJson(rest)).digest('hex');
  return edited.replace(/"sha256": "[0-9a-f]*"/, `"sha256": "${sha256}"`);
}

function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([name, inner]) => `${JSON.stringify(name)}:${sortedJson(inner)}`).join(',')}}`;
}
