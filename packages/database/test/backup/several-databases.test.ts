import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '@holdfast/core';
import { connect, sql } from '@holdfast/postgres';
import { eventually, findFreePort } from '@holdfast/testing';
import { runDrill } from '../../src/restore/drill/run-drill.ts';
import { planBeside } from '../../src/restore/index.ts';
import { installedVersions, startSystemPostgres } from '../system-postgres.ts';
import { makeBackup, systemProgram, workPlace } from './making.ts';

test('several databases are backed up and drilled together; a standby and tablespaces are refused', {
  timeout: 280_000,
}, async t => {
  if (!(await installedVersions()).includes('15')) return t.skip('needs PostgreSQL 15 of Debian');
  const place = await workPlace(t);
  const system = await startSystemPostgres('15', ['wal_level=logical']);
  t.after(() => system.stop());
  const db = await connect({ url: system.superuserUrl });
  t.after(() => db.close());
  for (const statement of [
    sql`create role app login`,
    sql`create database shop owner app`,
    sql`create database old owner app template template0 encoding 'LATIN1' lc_collate 'C' lc_ctype 'C'`,
    sql`create database shut`,
    sql`alter database shut allow_connections false`,
  ])
    await db.query(statement);
  for (const name of ['shop', 'old']) {
    const inside = await connect({ url: system.superuserUrl.replace(/postgres$/, name) });
    await inside.script(
      `create table words as select g as id, 'Grüße ' || g as word from generate_series(1, 50) g`,
    );
    await inside.close();
  }
  const { repository, manifest } = await makeBackup(place, 'physical', system.superuserUrl);
  assert.deepEqual(
    manifest.databases.map(({ name, encoding, owner, tables }) => [
      name,
      encoding,
      owner,
      tables.find(table => table.name === 'words')?.rows,
    ]),
    [
      ['old', 'LATIN1', 'app', 50],
      ['postgres', 'UTF8', 'postgres', undefined],
      ['shop', 'UTF8', 'app', 50],
    ],
  );
  const { examination } = await runDrill({
    repository,
    backup: await repository.find(manifest.id),
    directory: join(place, 'drill'),
    systemUser: undefined,
    sharedDir: undefined,
    binDir: undefined,
    programs: { binDir: undefined, path: [] },
    jobs: 1,
    signal: new AbortController().signal,
    onProgress: () => undefined,
    clock: systemClock,
  });
  assert.deepEqual(examination?.problems, []);
  assert.ok(
    examination?.unchecked.includes('database shut: it takes no connections'),
    String(examination?.unchecked),
  );

  const standby = join(place, 'standby');
  await mkdir(standby, { mode: 0o700 });
  const { uid, gid } = await ownerOf(await db.one(sql<{ dir: string }>`show data_directory`));
  await chown(standby, uid, gid);
  const runAs = { uid, gid, cwd: place, stdio: 'ignore' } as const;
  const args = ['-d', system.superuserUrl, '-D', standby, '-R', '-c', 'fast'];
  const [copied] = await once(spawn(await systemProgram('pg_basebackup'), args, runAs), 'exit');
  assert.equal(copied, 0);
  const port = await findFreePort();
  const options = [`port=${port}`, 'listen_addresses=127.0.0.1', `unix_socket_directories=${standby}`];
  const server = spawn(
    await systemProgram('postgres'),
    ['-D', standby, ...options.flatMap(option => ['-c', option])],
    runAs,
  );
  const ended = once(server, 'exit');
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`;
  try {
    await eventually(async () => (await connect({ url })).close().then(() => true), { timeoutMs: 60_000 });
    await assert.rejects(makeBackup(place, 'physical', url), {
      code: 'backup_not_possible',
      message: /this server is a standby, which has no point of its own; back up its primary/,
    });
    const { obstacles } = await planBeside(url);
    assert.deepEqual(obstacles, ['this server is a standby, which takes no writes: name its primary']);
  } finally {
    // its files are gone with the work place, so it must not write any more
    server.kill('SIGQUIT');
    await ended;
  }

  const space = join(place, 'space');
  await mkdir(space);
  await chown(space, uid, gid);
  await db.query(sql`create tablespace fast location ${sql.literal(space)}`);
  await assert.rejects(makeBackup(place, 'physical', system.superuserUrl), {
    code: 'backup_not_possible',
    message: /this cluster has tablespaces \(.*space\).*or --engine logical for each database/,
  });
});

function ownerOf(row: object): Promise<{ uid: number; gid: number }> {
  return stat(String(Object.values(row)[0]));
}
