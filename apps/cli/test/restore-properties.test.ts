import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Connection, connect, sql } from '@holdfast/postgres';
import { runHoldfast } from './run-holdfast.ts';
import { systemScene } from './system-scene.ts';

type Answer = Readonly<Record<string, unknown>>;

interface Shop {
  readonly admin: Connection;
  /** As its owner, who is no superuser. */
  run(as: 'owner' | 'superuser', ...args: string[]): Promise<Answer>;
}

/** A database with all that belongs to one and is in no dump of it. */
async function shop(t: TestContext): Promise<Shop | undefined> {
  const system = await systemScene(t);
  if (system === undefined) return undefined;
  const { home, superuserUrl } = system;
  const admin = await connect({ url: superuserUrl });
  t.after(() => admin.close());
  for (const statement of [
    'create role shop login createdb',
    'create role clerk login',
    'create database shop owner shop',
    `alter database shop set search_path to app, "odd, name", public`,
    `alter database shop set statement_timeout to '50ms'`,
    `alter role shop in database shop set work_mem to '7MB'`,
    `alter role clerk in database shop set work_mem to '9MB'`,
    'alter database shop connection limit 30',
    `comment on database shop is 'my shop'`,
  ])
    await admin.script(statement);
  const url = superuserUrl.replace(/\/postgres$/, '/shop');
  const owner = await connect({ url: url.replace('//postgres@', '//shop@') });
  await owner.script(`set statement_timeout = 0; create schema app; create table app.items (id int primary key, twin int);
    insert into app.items select g, 1 from generate_series(1, 300) g`);
  await assert.rejects(owner.query(sql`create unique index concurrently broken on app.items (twin)`));
  await owner.close();
  return {
    admin,
    run: async (as, ...args) => {
      const from = as === 'owner' ? url.replace('//postgres@', '//shop@') : url;
      const [command = '', ...rest] = args;
      const common = ['--json', '--no-env-file', '--home', home, '--database-url', from];
      const { code, stdout, stderr } = await runHoldfast([
        command,
        ...rest,
        ...common,
        '--destination',
        join(home, 'backups'),
      ]);
      assert.equal(code, 0, stdout + stderr);
      return JSON.parse(stdout) as Answer;
    },
  };
}

async function properties(admin: Connection): Promise<readonly unknown[]> {
  const { limit, comment } = await admin.one(sql<{ limit: number; comment: string | null }>`
    select datconnlimit as limit, shobj_description(oid, 'pg_database') as comment from pg_database where datname = 'shop'`);
  const settings = await admin.many(sql<{ text: string }>`
    select coalesce(nullif(setrole, 0)::regrole::text, '') || ' ' || item as text
    from pg_db_role_setting s, pg_database d, unnest(setconfig) item
    where d.oid = s.setdatabase and datname = 'shop' order by 1`);
  return [limit, comment, ...settings.map(({ text }) => text)];
}

const ALL = [
  30,
  'my shop',
  ' search_path=app, "odd, name", public',
  ' statement_timeout=50ms',
  'clerk work_mem=9MB',
  'shop work_mem=7MB',
];

test('what belongs to a database and is in no dump is no damage, and a restore keeps it', {
  timeout: 290_000,
}, async t => {
  const at = await shop(t);
  if (at === undefined) return;
  const { admin, run } = at;
  await run('superuser', 'backup', '--validate', 'drill');
  await run('superuser', 'restore', 'latest', '--yes');
  assert.deepEqual(await properties(admin), ALL);
  await admin.script(`comment on database shop is 'another'; alter database shop reset statement_timeout`);
  await run('superuser', 'restore', '--undo', '--yes');
  assert.deepEqual(await properties(admin), ALL);
  await run('superuser', 'restore', '--undo', '--yes');
  assert.deepEqual(
    await properties(admin),
    ALL.map(text => (text === 'my shop' ? 'another' : text)).filter(text => !/statement/.test(String(text))),
  );
});

test('what the role may not set again is told with the statement', { timeout: 290_000 }, async t => {
  const at = await shop(t);
  if (at === undefined) return;
  await at.run('owner', 'backup');
  const { notSet } = await at.run('owner', 'restore', 'latest', '--yes');
  assert.deepEqual(notSet, [`alter role "clerk" in database "shop" set "work_mem" to '9MB'`]);
  for (const statement of notSet as string[]) await at.admin.script(statement);
  assert.deepEqual(await properties(at.admin), ALL);
});

test('a database that is gone comes back with the settings that its backup knows', {
  timeout: 290_000,
}, async t => {
  const at = await shop(t);
  if (at === undefined) return;
  await at.run('superuser', 'backup');
  await at.admin.script('drop database shop');
  await at.run('superuser', 'restore', 'latest', '--yes');
  assert.deepEqual(await properties(at.admin), [-1, null, ...ALL.slice(2)]);
});
