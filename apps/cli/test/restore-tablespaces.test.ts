import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect, sql } from '@holdfast/postgres';
import { runHoldfast } from './run-holdfast.ts';
import { systemScene } from './system-scene.ts';

/** A database in one tablespace with a table and a materialized view in another. */
async function shop(t: TestContext) {
  const system = await systemScene(t);
  if (system === undefined) return undefined;
  const { home, superuserUrl } = system;
  const admin = await connect({ url: superuserUrl });
  t.after(() => admin.close());
  for (const statement of [
    'set allow_in_place_tablespaces = on',
    `create tablespace fast location ''`,
    `create tablespace "Far" location ''`,
    'create role shop login createdb',
    'grant create on tablespace fast, "Far" to shop',
    'create database shop owner shop tablespace fast',
  ])
    await admin.script(statement);
  const url = superuserUrl.replace(/postgres@(.*)\/postgres$/, 'shop@$1/shop');
  const owner = await connect({ url });
  await owner.script(`create table items (id int primary key) tablespace "Far"; insert into items values (1), (2);
    create materialized view counted tablespace "Far" as select count(*) from items`);
  await owner.close();
  const run = (command: string, ...args: string[]) =>
    runHoldfast([
      ...[command, ...args, '--no-env-file', '--home', home, '--database-url', url],
      ...['--destination', join(home, 'backups')],
    ]);
  return { admin, url, run };
}

async function places(url: string): Promise<readonly string[]> {
  const connection = await connect({ url });
  const found = await connection.many(sql<{ text: string }>`
    select c.relname || ' ' || t.spcname as text from pg_class c join pg_tablespace t on t.oid = c.reltablespace
    where c.relnamespace = 'public'::regnamespace
    union all select 'all ' || spcname from pg_database d join pg_tablespace t on t.oid = dattablespace
    where datname = current_database() order by 1`);
  await connection.close();
  return found.map(({ text }) => text);
}

const PLACES = ['all fast', 'counted Far', 'items Far'];

test('a restore keeps what lies in a tablespace there, the database too', { timeout: 290_000 }, async t => {
  const at = await shop(t);
  if (at === undefined) return;
  assert.deepEqual(await places(at.url), PLACES);
  const made = await at.run('backup', '--validate', 'drill');
  assert.equal(made.code, 0, made.stderr);
  const restored = await at.run('restore', 'latest', '--yes');
  assert.equal(restored.code, 0, restored.stderr);
  assert.deepEqual(await places(at.url), PLACES);
});

test('a tablespace that is not there, or not for this role, is named before anything is made', {
  timeout: 290_000,
}, async t => {
  const at = await shop(t);
  if (at === undefined) return;
  assert.equal((await at.run('backup')).code, 0);
  await at.admin.script('revoke create on tablespace fast, "Far" from shop');
  const denied = await at.run('restore', 'latest', '--yes');
  assert.equal(denied.code, 1);
  assert.match(
    denied.stdout,
    /shop may make nothing in the tablespace "fast" \(grant create on tablespace "fast" to "shop"\)/,
  );
  await at.admin.script('drop database shop');
  await at.admin.script('drop tablespace "Far"');
  const gone = await at.run('restore', 'latest', '--plan');
  assert.match(gone.stdout, /the server has no tablespace "Far"/);
  await at.admin.script('set allow_in_place_tablespaces = on');
  await at.admin.script(`create tablespace "Far" location ''`);
  await at.admin.script('grant create on tablespace "Far" to shop');
  const restored = await at.run('restore', 'latest', '--yes');
  assert.equal(restored.code, 0, restored.stderr);
  assert.deepEqual(await places(at.url), ['all pg_default', ...PLACES.slice(1)]);
});
