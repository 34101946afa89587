import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
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
  await writeFile(single, JSON.stringify({ ...written, databases }));
  const under = await runHoldfastJson<Found>([
    ...['drift', '--database-url', stranger.superuserUrl, '--against', single],
  ]);
  assert.deepEqual(
    under.result.differences.map(difference => [difference.kind, difference.name]),
    [['missing', 'public.orders']],
  );

  await writeFile(single, JSON.stringify({ ...written, databases: [], contentMissing: 'no snapshot' }));
  const unknown = await runHoldfast(['drift', ...url, '--against', single]);
  assert.deepEqual([unknown.code, /does not know .*: no snapshot/.test(unknown.stderr)], [2, true]);
});
