import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { systemClock } from '@holdfast/core';
import { type BackupManifest, createRepository, openDestination } from '@holdfast/database/backup';
import { connect } from '@holdfast/postgres';
import { backupRequest, emptyDatabase, takeTestBackup } from '@holdfast/testing';
import { runHoldfast, runHoldfastJson } from './run-command-line.ts';

const dir = await mkdtemp(join(tmpdir(), 'holdfast-drift-backup-'));
after(() => rm(dir, { recursive: true }));

interface Found {
  readonly against: string;
  readonly differences: readonly { readonly kind: string; readonly name: string }[];
}

it('holdfast drift compares with the manifest of a backup as it was written', async t => {
  const [one, other] = [await emptyDatabase(t), await emptyDatabase(t)];
  const db = await connect({ url: one.superuserUrl });
  t.after(() => db.close());
  await db.script('create table orders (id int primary key)');
  const [name, otherName] = [one, other].map(({ superuserUrl }) => new URL(superuserUrl).pathname.slice(1));
  const { id } = await takeTestBackup({
    request: backupRequest(one.superuserUrl, { databases: [name ?? '', otherName ?? ''] }),
    repository: createRepository({
      ...{ destination: openDestination(join(dir, 'backups'), '/'), compression: 'gzip' },
      ...{ encryption: undefined, decryption: undefined, sealKey: Buffer.alloc(32, 7), clock: systemClock },
    }),
    workDirectory: join(dir, 'work'),
  });
  const manifest = join(dir, 'backups', id, 'manifest.json');
  const url = ['--database-url', one.superuserUrl];
  await db.script('create table extra (id int)');
  for (const option of ['--against', '--snapshot']) {
    const { code, result } = await runHoldfastJson<Found>(['drift', ...url, option, manifest]);
    const found = result.differences.map(difference => [difference.kind, difference.name]);
    assert.deepEqual([code, found], [1, [['unexpected', 'public.extra']]]);
    assert.equal(result.against, `the backup ${manifest}`);
  }

  const stranger = await emptyDatabase(t);
  const refused = await runHoldfast([
    'drift',
    '--database-url',
    stranger.superuserUrl,
    '--against',
    manifest,
  ]);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, new RegExp(`${name}.*${otherName}|${otherName}.*${name}`));

  // The only database of a backup is meant, whatever its name: it may have been restored under another one.
  const written = JSON.parse(await readFile(manifest, 'utf8')) as BackupManifest;
  const single = join(dir, 'single.json');
  const databases = written.databases.filter(database => database.name === name);
  await writeFile(single, sealed({ ...written, databases }));
  const under = await runHoldfastJson<Found>([
    ...['drift', '--database-url', stranger.superuserUrl, '--against', single],
  ]);
  assert.deepEqual(
    under.result.differences.map(difference => [difference.kind, difference.name]),
    [['missing', 'public.orders']],
  );

  await writeFile(single, sealed({ ...written, databases: [], contentMissing: 'no snapshot' }));
  const unknown = await runHoldfast(['drift', ...url, '--against', single]);
  assert.deepEqual([unknown.code, /does not know .*: no snapshot/.test(unknown.stderr)], [2, true]);
});

it('holdfast drift refuses a manifest that was changed, and says what its seal does not prove', async t => {
  const { superuserUrl } = await emptyDatabase(t);
  const key = Buffer.alloc(32, 7);
  const { id } = await takeTestBackup({
    request: backupRequest(superuserUrl, { databases: [new URL(superuserUrl).pathname.slice(1)] }),
    repository: createRepository({
      ...{ destination: openDestination(join(dir, 'sealed'), '/'), compression: 'gzip' },
      ...{ encryption: undefined, decryption: undefined, sealKey: key, clock: systemClock },
    }),
    workDirectory: join(dir, 'work'),
  });
  const home = join(dir, 'home');
  await mkdir(home);
  const file = join(dir, 'edited.json');
  const text = await readFile(join(dir, 'sealed', id, 'manifest.json'), 'utf8');
  const written = JSON.parse(text) as BackupManifest;
  const drift = async (content: string) => {
    await writeFile(file, content);
    const url = ['--database-url', superuserUrl, '--home', home];
    return runHoldfast(['drift', ...url, '--against', file]);
  };
  const note = async (content: string) => {
    const { code, stdout } = await drift(content);
    return [code, /^note: (the .*manifest.*)$/m.exec(stdout)?.[1]];
  };
  const keyFile = join(home, 'backup-seal.key');
  assert.deepEqual(await note(text), [
    0,
    `the seal of the manifest was not checked, since there is no ${keyFile}: its hash fits`,
  ]);
  await writeFile(keyFile, `${key.toString('hex')}\n`);
  assert.deepEqual(await note(text), [0, undefined]);

  const edited = { ...written, label: 'another' };
  const { sha256 } = JSON.parse(sealed(edited)) as BackupManifest;
  for (const content of [textOf(edited), textOf({ ...edited, sha256 }), JSON.stringify(written, null, 2)]) {
    const { code, stderr } = await drift(content);
    assert.equal(code, 2);
    assert.match(stderr, /edited\.json is the manifest of a backup and was changed after it was written/);
  }
  assert.deepEqual(await note(sealed(edited)), [
    0,
    'the manifest has no seal: its hash fits, but anybody could have written it',
  ]);
  assert.deepEqual(await note(sealed(edited, Buffer.alloc(32, 8))), [
    0,
    `the manifest is sealed with another key than that of ${keyFile}: its hash fits, but who wrote it is not known`,
  ]);
});

/** As somebody who may write to the place can make it: the hash fits, and the seal is that of a key or there is none. */
function sealed(manifest: BackupManifest, key?: Buffer): string {
  const text = canonical({ ...manifest, sha256: undefined, seal: undefined });
  const sha256 = createHash('sha256').update(text).digest('hex');
  const hmac = key === undefined ? '' : createHmac('sha256', key).update(text).digest('hex');
  return textOf({ ...manifest, sha256, seal: key === undefined ? null : { keyId: 'another', hmac } });
}

function textOf(manifest: BackupManifest): string {
  const lines = Object.entries(manifest).map(([name, value]) => `"${name}": ${canonical(value)}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)));
  });
}
