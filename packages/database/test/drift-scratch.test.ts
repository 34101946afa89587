import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { systemClock } from '@holdfast/core';
import { type BuildOptions, catalogOfMigrations } from '@holdfast/database/drift';
import { readMigrations } from '@holdfast/database/migrate';
import { readCatalog, sql } from '@holdfast/postgres';
import { emptyDatabase } from '@holdfast/testing';
import { column, createProject, eventually, migration, openConnection } from './fixtures.ts';

/** A time of our own: by it the scratch databases of this file are told from those of tests that run beside it. */
const now = Date.now() - 1_800_000;
const seconds = Math.floor(now / 1_000);
const leftovers = sql`
  select datname from pg_database
  where datname like 'holdfast\\_scratch\\_%' and split_part(datname, '_', 3)::int8 between ${seconds - 4_000} and ${seconds}
  union all select rolname from pg_roles where rolname = 'drift_scratch_role'`;

async function setUp(t: TestContext, up: string) {
  const project = await createProject(t, { '0001_a.sql': migration(up) });
  const admin = await openConnection(t, project.db.superuserUrl);
  const live = await readCatalog(admin, { schemas: 'all' });
  const options: BuildOptions = {
    url: project.db.superuserUrl,
    migrations: await readMigrations(project.dir),
    appVersion: '1.2.3',
    like: live,
    schemas: 'all',
    clock: { ...systemClock, now: () => now },
  };
  return { admin, live, options };
}

it('builds with roles that only the live server has, and leaves neither database nor role', async t => {
  const { admin, live, options } = await setUp(
    t,
    'create table a (b int); grant select on a to drift_scratch_role;',
  );
  const policy = { role: 'drift_scratch_role', schema: null, objects: 'tables' as const, acl: [] };
  const like = { ...live, defaultPrivileges: [...(live.defaultPrivileges ?? []), policy] };
  const { tables } = await catalogOfMigrations({ ...options, like });
  assert.deepEqual(tables[0]?.acl, [
    { grantee: 'drift_scratch_role', privileges: ['SELECT'], grantable: [] },
  ]);
  assert.deepEqual(await column(admin, leftovers), []);
});

it('leaves nothing when a migration fails', async t => {
  const { admin, options } = await setUp(t, 'create table a (b int); select 1 / 0;');
  await assert.rejects(catalogOfMigrations(options), /division by zero/);
  assert.deepEqual(await column(admin, leftovers), []);
});

it('leaves nothing when it is stopped in the middle of a migration', async t => {
  const { admin, options } = await setUp(t, 'create table a (b int); select pg_sleep(600);');
  const stop = new AbortController();
  const run = catalogOfMigrations({ ...options, signal: stop.signal });
  const sleeping = eventually('the migration sleeps', async () => {
    const found = await column(
      admin,
      sql`select pid from pg_stat_activity where query like '%pg_sleep(600)%' and pid <> pg_backend_pid()`,
    );
    return found[0];
  });
  await Promise.race([sleeping, run]);
  stop.abort();
  await assert.rejects(run);
  assert.deepEqual(await column(admin, leftovers), []);
});

it('drops what a killed run left more than an hour ago, and nothing else', async t => {
  const { admin, options } = await setUp(t, 'create table a (b int);');
  const [old, young] = [
    `holdfast_scratch_${seconds - 3_700}_0000abcd`,
    `holdfast_scratch_${seconds - 60}_0000abcd`,
  ];
  for (const name of [old, young]) await admin.query(sql`create database ${sql.id(name)}`);

  await catalogOfMigrations(options);
  const left = await column(admin, leftovers);
  await admin.query(sql`drop database ${sql.id(young)}`);
  assert.deepEqual(left, [young]);
});

it('takes on the surroundings in a given database, and gives it its own back', async t => {
  const { admin, live, options } = await setUp(
    t,
    'create table a (b int); alter default privileges revoke all on tables from public;',
  );
  const given = await emptyDatabase(t);
  const inside = await openConnection(t, given.superuserUrl);
  const before = await readCatalog(inside, { schemas: 'all' });
  const acl = [{ grantee: 'PUBLIC', privileges: ['SELECT'], grantable: [] }];
  const policy = { role: 'postgres', schema: 'public', objects: 'tables' as const, acl };
  const like = { ...live, defaultPrivileges: [...(live.defaultPrivileges ?? []), policy] };

  const built = await catalogOfMigrations({ ...options, like, scratchUrl: given.superuserUrl });
  const rights = built.tables[0]?.acl?.find(({ grantee }) => grantee === 'PUBLIC');
  assert.deepEqual(rights?.privileges, ['SELECT']);
  assert.deepEqual(await readCatalog(inside, { schemas: 'all' }), before);
  assert.deepEqual(await column(admin, leftovers), []);
});
