import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { isHoldfastError } from '@holdfast/core';
import { extractBackup } from '@holdfast/database/restore';
import { connect } from '@holdfast/postgres';
import { startSystemPostgres } from '../system-postgres.ts';
import { type MadeBackup, makeBackup, systemProgram, workPlace } from './making.ts';

const run = promisify(execFile);

async function extract({ repository, manifest }: MadeBackup, directory: string): Promise<void> {
  await extractBackup({
    repository,
    backup: await repository.find(manifest.id),
    directory,
    programs: { binDir: undefined, path: [] },
    jobs: 2,
    signal: new AbortController().signal,
    onBytes: () => undefined,
  });
}

test('what is unpacked is what the programs of PostgreSQL take', async t => {
  const place = await workPlace(t);
  const system = await startSystemPostgres('15');
  t.after(() => system.stop());
  const url = system.superuserUrl;
  const connection = await connect({ url });
  await connection.script(
    'create table orders (id int primary key); insert into orders select generate_series(1, 5000)',
  );
  await connection.close();

  for (const plain of [false, true]) {
    const physical = await makeBackup(place, 'physical', url, { plain });
    const data = join(place, `data-${plain}`);
    await extract(physical, data);
    await run(await systemProgram('pg_verifybackup'), [data]);
    assert.deepEqual(
      (await readdir(data)).filter(name => name.endsWith('.signal')),
      [],
    );
    await run(await systemProgram('pg_controldata'), [data]);
  }

  const dump = await makeBackup(place, 'logical', url, { databases: ['postgres'] });
  await extract(dump, join(place, 'dump'));
  const { stdout } = await run(await systemProgram('pg_restore'), ['-f', '-', join(place, 'dump')], {
    maxBuffer: 1e8,
  });
  assert.match(stdout, /^COPY public\.orders/m);
  assert.match(stdout, /^4999$/m);

  const script = await makeBackup(place, 'logical', url, { databases: ['postgres'], plain: true });
  await extract(script, join(place, 'script'));
  assert.match(await readFile(join(place, 'script', 'dump.sql'), 'utf8'), /^4999$/m);
});

test('nothing is unpacked over what is there, and a damaged backup leaves nothing', async t => {
  const place = await workPlace(t);
  const system = await startSystemPostgres('15');
  t.after(() => system.stop());
  const made = await makeBackup(place, 'physical', system.superuserUrl);
  await assert.rejects(extract(made, made.directory), error => isHoldfastError(error, 'restore_refused'));
  await assert.rejects(extract(made, join(made.directory, 'manifest.json')), error =>
    isHoldfastError(error, 'restore_refused'),
  );
  const before = await readdir(place);
  const path = join(made.directory, 'base.tar.zst');
  const bytes = await readFile(path);
  bytes[bytes.byteLength - 100] = (bytes[bytes.byteLength - 100] ?? 0) ^ 1;
  await writeFile(path, bytes);
  await assert.rejects(extract(made, join(place, 'damaged')), error =>
    isHoldfastError(error, 'backup_damaged'),
  );
  assert.deepEqual(await readdir(place), before);
});
