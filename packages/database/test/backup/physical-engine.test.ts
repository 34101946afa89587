import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFile, copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { connect } from '@holdfast/postgres';
import { throwawayHome } from '@holdfast/testing';
import { startSystemPostgres } from '../system-postgres.ts';
import { engineAt, makeBackup, systemProgram, workPlace } from './making.ts';
import { drill, execute, SCHEMA, writeUntil } from './under-load.ts';

const run = promisify(execFile);

test('a backup under load holds exactly what its manifest says', async t => {
  const place = await workPlace(t);
  const embedded = await (await throwawayHome(t)).start();
  const url = embedded.superuserUrl;
  await execute(url, SCHEMA);
  const stop = new AbortController();
  const writing = writeUntil(url, stop.signal);
  const made = await makeBackup(place, 'physical', url).finally(() => stop.abort());
  const commits = (await writing).reduce((sum, count) => sum + count, 0);
  const { point, contentMissing, databases } = made.manifest;
  assert.equal(contentMissing, null);
  assert.ok(point.kind === 'physical' && point.consistentLsn !== null);
  const tables = databases.find(({ name }) => name === 'postgres')?.tables ?? [];
  const rowsOf = (name: string) => tables.find(table => table.name === name);
  assert.equal(rowsOf('ballast')?.rows, 40_000);
  assert.equal(rowsOf('scratch')?.checksum, null);
  const moves = rowsOf('moves')?.rows ?? 0;
  assert.ok(moves > 0 && moves < commits, `${moves} rows in the snapshot, ${commits} transactions in all`);
  const { validation } = await drill(place, made);
  assert.deepEqual(validation.problems, []);
  assert.equal(validation.result, 'valid');
});

test('without a slot a moment of rest is the point, and under load it says why there is none', async t => {
  const place = await workPlace(t);
  const system = await startSystemPostgres('15');
  t.after(() => system.stop());
  const url = system.superuserUrl;
  await execute(url, SCHEMA);
  const quiet = await makeBackup(place, 'physical', url);
  assert.equal(quiet.manifest.contentMissing, null);
  assert.deepEqual((await drill(place, quiet)).validation.problems, []);

  const holder = await connect({ url });
  await holder.script(`begin; insert into moves (writer) values (9)`);
  const loud = await makeBackup(place, 'physical', url);
  await holder.close();
  assert.match(loud.manifest.contentMissing ?? '', /wal_level is replica/);
  assert.ok(loud.manifest.point.kind === 'physical' && loud.manifest.point.consistentLsn === null);
  const unread = loud.manifest.databases.flatMap(({ tables }) => tables.map(({ checksum }) => checksum));
  assert.ok(unread.length > 0 && unread.every(checksum => checksum === null));
});

test('pg_verifybackup accepts it, as it is and out of its archives; and so does reading it', async t => {
  const place = await workPlace(t);
  const system = await startSystemPostgres('15');
  t.after(() => system.stop());
  const verify = await systemProgram('pg_verifybackup');
  const plain = await makeBackup(place, 'physical', system.superuserUrl, { plain: true });
  await run(verify, [join(plain.directory, 'data')]);
  const packed = await makeBackup(place, 'physical', system.superuserUrl);
  const out = join(place, 'out');
  await mkdir(join(out, 'pg_wal'), { recursive: true });
  await run('tar', ['--zstd', '-xf', join(packed.directory, 'base.tar.zst'), '-C', out]);
  await run('tar', ['--zstd', '-xf', join(packed.directory, 'pg_wal.tar.zst'), '-C', join(out, 'pg_wal')]);
  await copyFile(join(packed.directory, 'backup_manifest'), join(out, 'backup_manifest'));
  await run(verify, [out]);
  await appendFile(join(out, 'PG_VERSION'), 'x');
  await assert.rejects(run(verify, [out]), /PG_VERSION/);
  const engine = engineAt(place, 'physical');
  for (const { repository, manifest } of [plain, packed]) {
    assert.deepEqual(await engine.decode(repository, await repository.find(manifest.id)), []);
  }
});
