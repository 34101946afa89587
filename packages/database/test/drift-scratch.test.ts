import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { type BuildOptions, catalogOfMigrations } from '@holdfast/database/drift';
import { readMigrations } from '@holdfast/database/migrate';
import { readCatalog, sql } from '@holdfast/postgres';
import { column, createProject, eventually, migration, openConnection } from './fixtures.ts';

const leftovers = sql`
  select datname from pg_database where datname like 'holdfast\\_scratch\\_%'
  union all select rolname from pg_roles where rolname = 'drift_scratch_role'`;

async function setUp(t: TestContext, up: string) {
  const project = await createProject(t, { '0001_a.sql': migration(up) });
  const admin = await openConnection(t, project.db.superuserUrl);
  const live = await readCatalog(admin, { schemas: 'all' });
  const options: BuildOptions = {
    adminUrl: project.db.superuserUrl,
    builderUrl: project.db.superuserUrl,
    migrations: await readMigrations(project.dir),
    to: undefined,
    appVersion: '1.2.3',
    live,
    schemas: 'all',
    liveOwner: undefined,
    now: Date.now(),
  };
  return { admin, options };
}

it('builds with roles that only the live server has, and leaves neither database nor role', async t => {
  const { admin, options } = await setUp(
    t,
    'create table a (b int); grant select on a to drift_scratch_role;',
  );
  const policy = { role: 'drift_scratch_role', schema: null, objects: 'tables' as const, acl: [] };
  const live = { ...options.live, defaultPrivileges: [...(options.live.defaultPrivileges ?? []), policy] };
  const { tables } = await catalogOfMigrations({ ...options, live });
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
  const seconds = Math.floor(options.now / 1_000);
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
