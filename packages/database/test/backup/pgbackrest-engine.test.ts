import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { isHoldfastError } from '@holdfast/core';
import { extractBackup } from '@holdfast/database/restore';
import { connect, sql } from '@holdfast/postgres';
import { eventually, throwawayHome } from '@holdfast/testing';
import { findPgbackrest } from '../../src/backup/engines/pgbackrest/find-pgbackrest.ts';
import { readClusterPlace } from '../../src/backup/engines/pgbackrest/origin-queries.ts';
import { requireLocal } from '../../src/backup/engines/pgbackrest/require-local.ts';
import { pieces, readAll } from '../backup-fixtures.ts';
import { startSystemPostgres } from '../system-postgres.ts';
import { engineAt, makeBackup, systemProgram, workPlace } from './making.ts';
import { drill, execute, SCHEMA, writeUntil } from './under-load.ts';

const run = promisify(execFile);
const signal = new AbortController().signal;
const LABEL = /^\d{8}-\d{6}F$/;

test('a backup under load holds exactly what its manifest says, in a repository that pgBackRest reads', async t => {
  const place = await workPlace(t);
  const server = await startSystemPostgres('15', ['wal_level=logical']);
  t.after(() => server.stop());
  const url = server.superuserUrl;
  await execute(url, SCHEMA);
  const stop = new AbortController();
  const writing = writeUntil(url, stop.signal);
  const made = await makeBackup(place, 'pgbackrest', url).finally(() => stop.abort());
  const commits = (await writing).reduce((sum, count) => sum + count, 0);
  const { manifest, repository, directory } = made;
  assert.equal(manifest.engine, 'pgbackrest');
  assert.match(manifest.id, /-pgbackrest-/);
  assert.equal(manifest.contentMissing, null);
  const tables = manifest.databases.find(({ name }) => name === 'postgres')?.tables ?? [];
  const moves = tables.find(({ name }) => name === 'moves')?.rows ?? 0;
  assert.ok(moves > 0 && moves < commits, `${moves} rows in the snapshot, ${commits} transactions in all`);
  assert.deepEqual((await drill(place, made)).validation.problems, []);
  const backup = await repository.find(manifest.id);
  assert.deepEqual(await engineAt(place, 'pgbackrest').decode(repository, backup), []);

  const { stdout } = await run('pgbackrest', [
    ...['info', '--no-config', `--repo1-path=${join(directory, 'pgbackrest')}`, '--output=json'],
    '--log-level-file=off',
  ]);
  const [stanza] = JSON.parse(stdout);
  assert.equal(stanza.status.message, 'ok');
  assert.equal(stanza.backup.length, 1);
  assert.deepEqual(await readdir(join(place, 'work')), []);
});

test('it extracts to a data directory that PostgreSQL starts on, also file by file and with a tablespace refused', async t => {
  const place = await workPlace(t);
  const server = await startSystemPostgres('15');
  t.after(() => server.stop());
  const url = server.superuserUrl;
  await execute(url, 'create table t as select 42 as x');
  const programs = { binDir: undefined, path: [] };
  const made = await makeBackup(place, 'pgbackrest', url, { plain: true, compression: 'none' });
  const { repository, manifest } = made;
  const stored = join(made.directory, 'pgbackrest', 'backup', 'main');
  const [label = ''] = (await readdir(stored)).filter(name => LABEL.test(name));
  assert.equal(await readFile(join(stored, label, 'pg_data', 'PG_VERSION'), 'utf8'), '15\n');
  const directory = join(place, 'extracted');
  const backup = await repository.find(manifest.id);
  const extract = { repository, backup, directory, programs, jobs: 2, signal, onBytes: () => undefined };
  await extractBackup(extract);
  const { stdout } = await run(await systemProgram('pg_controldata'), [directory]);
  assert.match(stdout, new RegExp(`system identifier: +${manifest.server.systemIdentifier}`));
  assert.ok((await readdir(join(directory, 'pg_wal'))).some(name => /^[0-9A-F]{24}$/.test(name)));

  const elsewhere = join(place, 'elsewhere');
  await mkdir(elsewhere);
  if (process.getuid?.() === 0) await run('chown', ['postgres', elsewhere]);
  await execute(url, `create tablespace side location '${elsewhere}'`);
  await execute(url, `create table far (id int primary key) tablespace side; insert into far values (7)`);
  const withSpace = await makeBackup(place, 'pgbackrest', url);
  assert.deepEqual((await drill(place, withSpace)).validation.problems, []);
  await assert.rejects(
    extractBackup({
      ...extract,
      repository: withSpace.repository,
      backup: await withSpace.repository.find(withSpace.manifest.id),
      directory: join(place, 'second'),
    }),
    error => isHoldfastError(error, 'restore_refused') && /tablespaces/.test(error.message),
  );
  assert.deepEqual(
    (await readdir(place)).filter(name => name.startsWith('second')),
    [],
  );
});

test('what was wrong before it was stored is found by decoding, and so is WAL that is missing', async t => {
  const place = await workPlace(t);
  const server = await startSystemPostgres('15');
  t.after(() => server.stop());
  await execute(server.superuserUrl, 'create table t as select generate_series(1, 20000) as x');
  const { repository, manifest } = await makeBackup(place, 'pgbackrest', server.superuserUrl);
  const backup = await repository.find(manifest.id);
  const engine = engineAt(place, 'pgbackrest');
  /** The same backup, with one file changed before it was stored: every hash of ours fits. */
  const decodeWith = async (ending: RegExp, change: (content: Buffer) => Buffer) => {
    const copy = await repository.begin(manifest.id.replace(/.{4}$/, 'copy'));
    for (const { path } of manifest.files) {
      const isWal = path.startsWith('pg_wal');
      const content = await readAll(await repository.open(backup, path, 'original'));
      const data = ending.test(path) ? change(content) : content;
      await copy.write(isWal ? 'pg_wal.tar' : path, pieces(data), isWal ? 'original' : 'stored');
    }
    const { files: _, sha256: __, seal: ___, ...rest } = manifest;
    await copy.commit({ ...rest, id: copy.id });
    const problems = await engine.decode(repository, await repository.find(copy.id));
    await repository.remove(copy.id);
    return problems.map(({ code, subject }) => `${code} ${subject.replace(/\d{8}-\d{6}F/, 'LABEL')}`);
  };
  assert.deepEqual(await decodeWith(/nothing/, content => content), []);
  const flipped = await decodeWith(/\/bundle\/1$/, content => {
    content[1_000] = (content[1_000] ?? 0) ^ 1;
    return content;
  });
  assert.equal(flipped.length, 1);
  assert.match(flipped[0] ?? '', /^does_not_decode LABEL\/pg_data\//);
  assert.ok((await decodeWith(/\/bundle\/1$/, () => Buffer.alloc(0))).length > 1);
  const [noInfo = ''] = await decodeWith(/backup\.info/, () => Buffer.from('nothing'));
  assert.match(noInfo, /^does_not_decode /);
  const [noWal = ''] = await decodeWith(/^pg_wal/, () => Buffer.alloc(1_024));
  assert.match(noWal, /^missing_file pg_wal/);
});

test('given up while it copies, it leaves nothing here, in the repository or on the server', async t => {
  const place = await workPlace(t);
  const server = await startSystemPostgres('15');
  t.after(() => server.stop());
  const url = server.superuserUrl;
  const stop = new AbortController();
  const onProgress = ({ step }: { readonly step: string }): void => {
    if (step === 'copying') stop.abort(new Error('enough'));
  };
  await assert.rejects(
    makeBackup(place, 'pgbackrest', url, { signal: stop.signal, onProgress }),
    /^Error: enough$/,
  );
  assert.deepEqual(await readdir(join(place, 'work')), []);
  const [backups = ''] = (await readdir(place)).filter(name => name.startsWith('backups-'));
  assert.deepEqual(await readdir(join(place, backups)), []);
  const connection = await connect({ url });
  t.after(() => connection.close());
  // the server ends sessions when it notices that their client is gone
  await eventually(async () => {
    const left = await connection.many(
      sql`select application_name from pg_stat_activity where backend_type in ('client backend', 'walsender') and pid <> pg_backend_pid()`,
    );
    return left.length === 0 ? true : undefined;
  });
});

test('refused with what to do: not installed, too old, another version, files that are not here', async t => {
  const place = await workPlace(t);
  await assert.rejects(
    findPgbackrest({ binDir: undefined, path: [place] }, []),
    error =>
      isHoldfastError(error, 'backup_not_possible') && /apt-get install pgbackrest/.test(error.message),
  );
  await writeFile(join(place, 'pgbackrest'), '#!/bin/sh\necho pgBackRest 2.9\n', { mode: 0o755 });
  await assert.rejects(
    findPgbackrest({ binDir: undefined, path: [place] }, []),
    error => isHoldfastError(error, 'backup_not_possible') && /pgbackrest is 2\.9\./.test(error.message),
  );
  const embedded = await (await throwawayHome(t)).start();
  await assert.rejects(
    makeBackup(place, 'pgbackrest', embedded.superuserUrl),
    error =>
      isHoldfastError(error, 'backup_not_possible') &&
      /does not know PostgreSQL 18/.test(error.message) &&
      /--engine physical/.test(error.message),
  );
  const connection = await connect({ url: embedded.superuserUrl });
  const here = await readClusterPlace(connection);
  const { id } = await connection.one(
    sql<{ id: string }>`select system_identifier::text as id from pg_control_system()`,
  );
  await connection.close();
  assert.equal(await requireLocal(here, id), here.dataDirectory);
  const others = [
    [here, '7432198765432109876'],
    [{ ...here, port: here.port + 1 }, id],
    [{ ...here, dataDirectory: join(place, 'nowhere') }, id],
    [{ ...here, dataDirectory: null }, id],
  ] as const;
  for (const [other, identifier] of others)
    await assert.rejects(requireLocal(other, identifier), error =>
      isHoldfastError(error, 'backup_not_possible'),
    );
});
