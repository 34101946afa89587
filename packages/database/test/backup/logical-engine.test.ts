import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { connect, sql } from '@holdfast/postgres';
import { emptyDatabase } from '@holdfast/testing';
import { compareContent, readContent } from '../../src/backup/content/index.ts';
import type { DatabaseContent } from '../../src/backup/manifest.ts';
import { startSystemPostgres } from '../system-postgres.ts';
import { engineAt, makeBackup, systemProgram, workPlace } from './making.ts';

const run = promisify(execFile);

async function shop(t: TestContext): Promise<string> {
  const system = await startSystemPostgres('15');
  t.after(() => system.stop());
  const connection = await connect({ url: system.superuserUrl });
  try {
    await connection.query(sql`create database shop`);
    await connection.query(sql`create database copy`);
  } finally {
    await connection.close();
  }
  const url = system.superuserUrl.replace(/\/postgres$/, '/shop');
  const inShop = await connect({ url });
  await inShop.script(`
    create table orders (id bigint generated always as identity primary key, note text, paid boolean);
    insert into orders (note, paid) select repeat('x', g % 50), g % 2 = 0 from generate_series(1, 20000) g;
    create table lines (order_id bigint references orders, amount numeric(10,2));
    insert into lines select g, g / 100.0 from generate_series(1, 20000) g;`);
  await inShop.close();
  return url;
}

function contentOf(url: string): Promise<DatabaseContent> {
  const signal = new AbortController().signal;
  return readContent({ url, jobs: 2, holds: 'logical', signal, onProgress: () => undefined });
}

/** Adds and pays orders until it is stopped. */
async function trade(url: string, signal: AbortSignal): Promise<number> {
  const connection = await connect({ url });
  let trades = 0;
  for (; !signal.aborted; trades += 1) {
    await connection.transaction(async tx => {
      const { id } = await tx.one(sql<{ id: number }>`insert into orders (note) values ('new') returning id`);
      await tx.execute(sql`insert into lines values (${id}, 1.00)`);
      await tx.execute(sql`update orders set paid = not paid where id = ${(trades % 20_000) + 1}`);
    });
  }
  await connection.close();
  return trades;
}

test('pg_restore brings back exactly what the manifest of a dump under load says', async t => {
  const place = await workPlace(t);
  const url = await shop(t);
  const stop = new AbortController();
  const trading = trade(url, stop.signal);
  const { repository, manifest, directory } = await makeBackup(place, 'logical', url).finally(() =>
    stop.abort(),
  );
  assert.ok((await trading) > 0);
  await run(await systemProgram('pg_restore'), ['-l', join(directory, 'dump')]);
  const copy = url.replace(/\/shop$/, '/copy');
  await run(await systemProgram('pg_restore'), [
    '-j',
    '2',
    '--exit-on-error',
    '-d',
    copy,
    join(directory, 'dump'),
  ]);
  const found = { ...(await contentOf(copy)), name: 'shop' };
  assert.deepEqual(compareContent(manifest.databases, [found]), []);
  const engine = engineAt(place, 'logical');
  assert.deepEqual(await engine.decode(repository, await repository.find(manifest.id)), []);
  assert.deepEqual(await readdir(join(place, 'work')), []);
});

test('reading it again finds a dump that is cut off, changed or lacks a file', async t => {
  const place = await workPlace(t);
  const url = await shop(t);
  const engine = engineAt(place, 'logical');
  const whole = await makeBackup(place, 'logical', url);
  const script = await makeBackup(place, 'logical', url, { plain: true });
  assert.deepEqual(
    script.manifest.files.map(({ path }) => path),
    ['dump.sql'],
  );
  for (const { repository, manifest, directory } of [whole, script]) {
    const [file] = manifest.files.toSorted((a, b) => b.bytes - a.bytes);
    const path = join(directory, file?.path ?? '');
    const original = await readFile(path);
    const backup = await repository.find(manifest.id);
    await truncate(path, Math.floor(original.length / 2));
    assert.notDeepEqual(await engine.decode(repository, backup), []);
    const changed = Buffer.from(original);
    changed.writeUInt8(changed.readUInt8(changed.length >> 1) ^ 1, changed.length >> 1);
    await writeFile(path, changed);
    assert.notDeepEqual(await engine.decode(repository, backup), []);
    await writeFile(path, original);
    assert.deepEqual(await engine.decode(repository, backup), []);
  }
});

test('a server newer than every pg_dump here is refused with what there is', async t => {
  const place = await workPlace(t);
  const database = await emptyDatabase(t);
  await assert.rejects(makeBackup(place, 'logical', database.ownerUrl), {
    code: 'backup_not_possible',
    message: /The server is PostgreSQL 18, and pg_dump must not be older: .*pg_dump is of 15/,
  });
});
