import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemClock } from '@holdfast/core';
import { migrationsDirectory } from '@holdfast/database';
import { readMigrations, type Verification, verifyMigrations } from '@holdfast/database/migrate';
import { sql } from '@holdfast/postgres';
import { emptyDatabase } from '@holdfast/testing';
import {
  column,
  createProject,
  eventually,
  failure,
  migration,
  openConnection,
  type Project,
  stepwise,
  tables,
} from './fixtures.ts';

const appVersion = '1.2.3';

/** The URL of a role that may create databases. */
function url({ db }: Project): string {
  return db.superuserUrl;
}

/** A time of our own: by it the scratch databases of this file are told from those of tests that run beside it. */
const now = Date.now() - 600_000;
const clock = { ...systemClock, now: () => now };

async function verify(project: Project): Promise<Verification> {
  const migrations = await readMigrations(project.dir);
  return verifyMigrations({ url: url(project), migrations, appVersion, clock });
}

function scratches(project: Project): Promise<unknown[]> {
  return column(
    project.owner,
    sql`select datname from pg_database where datname like ${`holdfast\\_scratch\\_${Math.floor(now / 1_000)}%`}`,
  );
}

describe('verify', { timeout: 120_000 }, () => {
  it('finds every way of migrations that lead back', async t => {
    const project = await createProject(t, {
      '0001_a.sql': migration('create table a (b int, c text, d int);', 'drop table a;'),
      '0002_moves_a_column.sql': migration('alter table a drop column b;', 'alter table a add column b int;'),
      '0003_i.sql': stepwise('create index concurrently i on a (c);', 'drop index concurrently i;'),
      '0004_schema.sql': migration(
        'create schema s; create table s.t (x int primary key, y int references s.t);',
        'drop schema s cascade;',
      ),
      '0005_only_up.sql': '-- migrate:up\ncreate function f() returns int language sql as $$ select 1 $$;\n',
    });
    assert.deepEqual(await verify(project), {
      ok: true,
      verified: ['0001', '0002', '0003', '0004'],
      irreversible: ['0005'],
      untried: [],
      findings: [],
    });
    assert.deepEqual(await tables(project.owner), []);
  });

  it('names the migration and the object that do not come back', async t => {
    const project = await createProject(t, {
      '0001_a.sql': migration('create table a (b int not null, c text);', 'drop table a;'),
      '0002_forgets_index.sql': migration(
        'create table d (); create index i on a (b); alter table a alter c set default 1;',
        'drop table d;',
      ),
      '0003_forgets_not_null.sql': migration(
        'alter table a drop column b;',
        'alter table a add column b int;',
      ),
      '0004_fine.sql': migration('create table e ();', 'drop table e;'),
    });
    const { ok, verified, findings } = await verify(project);
    assert.equal(ok, false);
    assert.deepEqual(verified, ['0001', '0002', '0003', '0004']);
    const [left, failed, changed, ...rest] = findings;
    assert.deepEqual(left, {
      kind: 'down_differs',
      version: '0002',
      file: '0002_forgets_index.sql',
      differences: [
        {
          kind: 'changed',
          type: 'column',
          name: 'public.a.c',
          property: 'default',
          expected: null,
          live: '1',
          consequences: [],
        },
        {
          kind: 'unexpected',
          type: 'index',
          name: 'public.i',
          property: null,
          expected: null,
          live: null,
          consequences: [],
        },
      ],
    });
    assert.deepEqual([failed?.kind, failed?.version], ['up_again_failed', '0002']);
    assert.match(failed?.message ?? '', /relation "i" already exists/);
    assert.deepEqual([changed?.kind, changed?.version], ['down_differs', '0003']);
    assert.deepEqual(
      changed?.differences?.filter(({ type }) => type === 'column'),
      [
        {
          kind: 'changed',
          type: 'column',
          name: 'public.a.b',
          property: 'not null',
          expected: true,
          live: false,
          consequences: [],
        },
      ],
    );
    assert.ok(
      changed?.differences?.some(({ type, name }) => type === 'index' && name === 'public.i'),
      'dropped with its column',
    );
    assert.deepEqual(rest, []);
  });

  it('goes on after a way down that does not run, and stops after a way up that does not', async t => {
    const project = await createProject(t, {
      '0001_a.sql': migration('create table a ();', 'drop table wrong;'),
      '0002_b.sql': migration('create table b ();', 'drop table b;'),
      '0003_c.sql': migration('create table c (x wrong);', ''),
      '0004_d.sql': migration('create table d ();', ''),
    });
    const { verified, untried, findings } = await verify(project);
    assert.deepEqual(
      findings.map(({ kind, version }) => [kind, version]),
      [
        ['down_failed', '0001'],
        ['up_failed', '0003'],
      ],
    );
    assert.deepEqual([verified, untried], [['0001', '0002'], ['0004']]);
    for (const { message } of findings) {
      assert.match(message ?? '', /in a scratch database, which is gone; nothing happened to the one in use/);
      assert.doesNotMatch(message ?? '', /migrate up/);
    }
    assert.deepEqual(await scratches(project), []);
  });

  it('works in a given database, which must be empty and is empty again', async t => {
    const project = await createProject(t, {
      '0001_a.sql': migration(
        "create table a (b int); create type ty as enum ('x'); create function f() returns ty language sql as $$ select null::ty $$; create schema s; create view v as select 1; create extension if not exists citext; create extension hstore;",
        'drop function f; drop type ty; drop table a;',
      ),
      '0002_b.sql': migration('create table b ();', 'drop table b;'),
    });
    const scratch = await emptyDatabase(t);
    const admin = await openConnection(t, scratch.superuserUrl);
    await admin.script('create extension citext');
    const options = { url: project.db.ownerUrl, scratchUrl: scratch.ownerUrl, appVersion };
    const migrations = await readMigrations(project.dir);
    for (let turn = 0; turn < 2; turn++) {
      const { findings } = await verifyMigrations({ ...options, migrations });
      assert.deepEqual(
        findings[0]?.differences?.map(({ type, name }) => `${type} ${name}`),
        ['extension hstore', 'schema s', 'view public.v'],
      );
      assert.deepEqual(
        findings.map(({ kind }) => kind),
        ['down_differs', 'up_again_failed'],
      );
    }
    const connection = await openConnection(t, scratch.ownerUrl);
    await connection.script('create table precious ()');
    const error = await failure(verifyMigrations({ ...options, migrations }), 'usage');
    assert.match(error.message, /not empty: it holds \d+ objects/);
    assert.deepEqual(await tables(connection), ['precious']);
    const extensions = sql`select extname from pg_extension where extname <> 'plpgsql'`;
    assert.deepEqual(await column(connection, extensions), ['citext'], 'what was prepared is still there');
  });

  it('says what a role that may not create a database can do', async t => {
    const project = await createProject(t, { '0001_a.sql': migration('create table a ();') });
    const migrations = await readMigrations(project.dir);
    const error = await failure(
      verifyMigrations({ url: project.db.ownerUrl, migrations, appVersion }),
      'scratch_unavailable',
    );
    assert.match(error.message, /alter role holdfast_owner createdb/);
  });

  it('stops when asked to, and leaves nothing', async t => {
    const project = await createProject(t, {
      '0001_a.sql': migration('create table a ();', 'drop table a;'),
      '0002_b.sql': migration('create table b ();', 'drop table b;'),
    });
    const stop = new AbortController();
    const migrations = await readMigrations(project.dir);
    const run = verifyMigrations({
      url: url(project),
      migrations,
      appVersion,
      clock,
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('enough')),
    });
    await assert.rejects(run, /enough/);
    assert.deepEqual(await scratches(project), []);
  });

  it('stops in the middle of a migration, and leaves nothing', async t => {
    const project = await createProject(t, { '0001_a.sql': migration('select pg_sleep(601);') });
    const stop = new AbortController();
    const options = { url: url(project), migrations: await readMigrations(project.dir), appVersion, clock };
    const run = verifyMigrations({ ...options, signal: stop.signal });
    const admin = await openConnection(t, url(project));
    const sleeping = sql`
      select pid from pg_stat_activity where query like '%pg_sleep(601)%' and pid <> pg_backend_pid()`;
    const asleep = eventually('the migration sleeps', async () => (await column(admin, sleeping))[0]);
    await Promise.race([asleep, run]);
    stop.abort(new Error('enough'));
    await assert.rejects(run, /enough/);
    assert.deepEqual(await scratches(project), []);
  });

  it('builds as a role that may not create a database, when another one makes it', async t => {
    const project = await createProject(t, {
      '0001_a.sql': migration(
        "create table a (b text default current_user); do $$ begin assert current_user = 'holdfast_owner'; end $$;",
        'drop table a;',
      ),
    });
    const { ownerUrl, superuserUrl } = project.db;
    const migrations = await readMigrations(project.dir);
    const options = { url: ownerUrl, adminUrl: superuserUrl, migrations, appVersion, clock };
    assert.deepEqual((await verifyMigrations(options)).findings, []);
    assert.deepEqual(await scratches(project), []);
  });

  it('makes a database beside a given one that is not empty, when it may', async t => {
    const project = await createProject(t, {
      '0001_a.sql': migration('create table a ();', 'drop table a;'),
    });
    await project.owner.script('create table precious ()');
    const migrations = await readMigrations(project.dir);
    const { ownerUrl, superuserUrl } = project.db;
    const options = { url: ownerUrl, scratchUrl: superuserUrl, migrations, appVersion, clock };
    assert.deepEqual((await verifyMigrations(options)).findings, []);
    assert.deepEqual(await tables(project.owner), ['precious']);
  });

  it('builds with the settings of the database', async t => {
    const project = await createProject(t, {
      '0001_a.sql': migration('create schema app;', 'drop schema app;'),
      '0002_b.sql': migration('create table b (); select from app.b;', 'drop table app.b;'),
    });
    const admin = await openConnection(t, url(project));
    const { name } = await admin.one(sql<{ name: string }>`select current_database() as name`);
    await admin.script(`alter database "${name}" set search_path = app, public`);
    assert.deepEqual((await verify(project)).findings, []);
  });

  it('finds nothing in the migrations of Holdfast itself', async t => {
    const { superuserUrl } = await emptyDatabase(t);
    const migrations = await readMigrations(migrationsDirectory());
    const { findings, verified } = await verifyMigrations({ url: superuserUrl, migrations, appVersion });
    assert.deepEqual(findings, []);
    assert.equal(verified.length, migrations.length);
  });
});
