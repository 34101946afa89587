import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { migrationsDirectory } from '@holdfast/database';
import { readMigrations, type Verification, verifyMigrations } from '@holdfast/database/migrate';
import { sql } from '@holdfast/postgres';
import { emptyDatabase } from '@holdfast/testing';
import {
  column,
  createProject,
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

async function verify(project: Project): Promise<Verification> {
  return verifyMigrations({ url: url(project), migrations: await readMigrations(project.dir), appVersion });
}

function scratches(project: Project): Promise<unknown[]> {
  return column(
    project.owner,
    sql`select datname from pg_database where datname like 'holdfast\\_scratch\\_%'`,
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
          object: 'column public.a.c',
          property: 'default',
          expected: 'null',
          found: '1',
        },
        { kind: 'unexpected', object: 'index public.i' },
      ],
    });
    assert.deepEqual([failed?.kind, failed?.version], ['up_again_failed', '0002']);
    assert.match(failed?.message ?? '', /relation "i" already exists/);
    assert.deepEqual([changed?.kind, changed?.version], ['down_differs', '0003']);
    assert.deepEqual(
      changed?.differences?.filter(({ object }) => object.startsWith('column')),
      [
        {
          kind: 'changed',
          object: 'column public.a.b',
          property: 'notNull',
          expected: 'true',
          found: 'false',
        },
      ],
    );
    assert.ok(
      changed?.differences?.some(({ object }) => object === 'index public.i'),
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
        findings[0]?.differences?.map(({ object }) => object),
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
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('enough')),
    });
    await assert.rejects(run, /enough/);
    assert.deepEqual(await scratches(project), []);
  });

  it('finds nothing in the migrations of Holdfast itself', async t => {
    const { superuserUrl } = await emptyDatabase(t);
    const migrations = await readMigrations(migrationsDirectory());
    const { findings, verified } = await verifyMigrations({ url: superuserUrl, migrations, appVersion });
    assert.deepEqual(findings, []);
    assert.equal(verified.length, migrations.length);
  });
});
