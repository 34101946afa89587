import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type BaselineOptions, baseline, readMigrations, repairLedger } from '@holdfast/database/migrate';
import { sql } from '@holdfast/postgres';
import { column, createProject, failure, migration, type Project, tables } from './fixtures.ts';

const FILES = {
  '20240101000000_a.sql': migration('create table a (b int);', 'drop table a;'),
  '20240102000000_i.sql': migration('create index i on a (b);', 'drop index i;'),
  '20240103000000_c.sql': migration('create table c ();', 'drop table c;'),
};
const [FIRST, SECOND, THIRD] = ['20240101000000', '20240102000000', '20240103000000'];
const BUILT = 'create table a (b int); create index i on a (b);';
const DBMATE = 'create table schema_migrations (version character varying(128) primary key)';

async function existing(t: TestContext, script: string): Promise<Project> {
  const project = await createProject(t, FILES);
  await project.owner.script(script);
  return project;
}

async function adopt(project: Project, options: Partial<BaselineOptions> = {}) {
  const migrations = await readMigrations(project.dir);
  const scratch = { url: project.db.superuserUrl };
  return baseline({ connection: project.owner, appVersion: '1.2.3', migrations, scratch, ...options });
}

describe('baseline', { timeout: 120_000 }, () => {
  it('records what is there as applied, and the rest is applied after it', async t => {
    const project = await existing(t, BUILT);
    const taken = await adopt(project, { version: SECOND });
    assert.deepEqual([taken.versions, taken.source, taken.compared], [[FIRST, SECOND], 'given', true]);
    const { decisions } = await project.status();
    assert.deepEqual(
      decisions.map(({ version, action, reason }) => [version, action, reason]),
      [
        [FIRST, 'baseline', 'taken over as it was'],
        [SECOND, 'baseline', 'taken over as it was'],
      ],
    );
    assert.deepEqual(
      (await project.up()).applied.map(({ version }) => version),
      [THIRD],
    );
    await project.down('0');
    assert.deepEqual(await tables(project.owner), []);
  });

  it('refuses a database in which a table is missing, whatever is accepted', async t => {
    const project = await existing(t, BUILT);
    const error = await failure(
      adopt(project, { version: THIRD, acceptDifferences: true }),
      'baseline_refused',
    );
    assert.match(error.message, /^Tables are missing.*\n- table public\.c is missing\nNothing was recorded/);
    assert.equal((await project.status()).ledger, false);
  });

  it('refuses another schema unless that is accepted, and keeps the difference', async t => {
    const project = await existing(t, 'create table a (b bigint); create table other ();');
    const error = await failure(adopt(project, { version: SECOND }), 'baseline_refused');
    assert.match(
      error.message,
      /- column public\.a\.b: its type is bigint instead of integer\n- index public\.i is missing/,
    );
    const taken = await adopt(project, { version: SECOND, acceptDifferences: true });
    assert.deepEqual(
      taken.differences.map(({ kind, type, name }) => `${kind} ${type} ${name}`),
      ['changed column public.a.b', 'missing index public.i', 'unexpected table public.other'],
    );
  });

  it('wants what has a name of its own to be accepted by that name, with what lies in it', async t => {
    const files = {
      '0001_a.sql': migration(`create table a (); create schema app; create type app.mood as enum ('a');
        create function app.f(int, text) returns int language sql as 'select 1'; create view v as select 1 as b;`),
    };
    const project = await createProject(t, files);
    await project.owner.script('create table a ()');
    const error = await failure(
      adopt(project, { version: '1', acceptDifferences: true }),
      'baseline_refused',
    );
    assert.match(
      error.message,
      /^Something that those migrations make is missing:\n- schema app is missing, and with it function app\.f\(integer, text\), type app\.mood\n- view public\.v is missing\n.* --accept-missing schema:app,view:public\.v$/,
    );
    const some = await failure(
      adopt(project, { version: '1', acceptMissing: ['schema:app'] }),
      'baseline_refused',
    );
    assert.match(some.message, /missing:\n- view public\.v is missing\n/);
    const taken = await adopt(project, { version: '1', acceptMissing: ['schema:app', 'v*:public.*'] });
    assert.deepEqual(
      taken.differences.map(({ kind, type, name }) => `${kind} ${type} ${name}`),
      ['missing schema app', 'missing view public.v'],
    );
    const { decisions } = await project.status();
    assert.equal(decisions[0]?.reason, 'taken over as it was, without schema app, view public.v');
  });

  it('leaves nothing behind when it is refused', async t => {
    const project = await existing(t, 'create table other ()');
    await failure(adopt(project, { version: FIRST }), 'baseline_refused');
    const schemas = sql`select nspname from pg_namespace where nspname = 'holdfast_ledger'`;
    assert.deepEqual(await column(project.owner, schemas), []);
    const migrations = await readMigrations(project.dir);
    const repair = { action: 'forget', version: '1' } as const;
    const options = { connection: project.owner, appVersion: '1', migrations, repair, reason: 'because' };
    await failure(repairLedger(options), 'usage');
    assert.deepEqual((await project.down('0')).reverted, []);
    assert.deepEqual(await column(project.owner, schemas), []);
  });

  it('does not mind the order of columns, and takes a renamed table for a missing one', async t => {
    const files = { '0001_a.sql': migration('create table a (b int, c text);') };
    const project = await createProject(t, files);
    await project.owner.script('create table a (c text, b int)');
    assert.deepEqual((await adopt(project, { version: '1' })).differences, []);
    const other = await createProject(t, files);
    await other.owner.script('create table renamed (b int, c text)');
    const error = await failure(adopt(other, { version: '1', acceptDifferences: true }), 'baseline_refused');
    assert.match(error.message, /table public\.a: its name is public\.renamed instead of public\.a/);
  });

  it('refuses a ledger that has entries, and a version that is none', async t => {
    const project = await existing(t, BUILT);
    await failure(adopt(project, { version: '7' }), 'usage');
    await adopt(project, { version: SECOND });
    const error = await failure(adopt(project, { version: THIRD }), 'baseline_refused');
    assert.match(error.message, /already has 2 entries, up to 20240102000000/);
  });

  it('without a scratch database refuses at least an empty schema', async t => {
    const project = await createProject(t, FILES);
    const options = { version: FIRST, scratch: undefined };
    const migrations = await readMigrations(project.dir);
    const unchecked = () =>
      baseline({ connection: project.owner, appVersion: '1', migrations, version: options.version ?? '' });
    await failure(unchecked(), 'baseline_refused');
    await project.owner.script(BUILT);
    assert.deepEqual(
      [(await unchecked()).compared, (await project.states())[FIRST ?? '']],
      [false, 'applied'],
    );
  });
});

describe('a database that dbmate has migrated', { timeout: 120_000 }, () => {
  const applied = (versions: readonly (string | undefined)[]) =>
    `${DBMATE}; insert into schema_migrations values ${versions.map(version => `('${version}')`).join(', ')};`;

  it('is not migrated again but taken over, and goes on from there', async t => {
    const project = await existing(t, `${BUILT} ${applied([SECOND, FIRST])}`);
    const first = `${FIRST}_a.sql`;
    await project.write({ [first]: migration('select 1 / 0;') });
    await project.owner.script('alter table schema_migrations rename to hidden');
    await failure(project.up(), 'migration_failed');
    await project.owner.script('alter table hidden rename to schema_migrations');
    await project.write({ [first]: FILES['20240101000000_a.sql'] });
    const refused = await failure(project.up(), 'migration_adoption_needed');
    assert.match(refused.message, /dbmate has applied 2 of these migrations .*holdfast migrate baseline/);
    assert.deepEqual((await project.status()).foreign, {
      tool: 'dbmate',
      schema: 'public',
      versions: [FIRST, SECOND],
    });
    const taken = await adopt(project);
    assert.deepEqual([taken.versions, taken.source, taken.differences], [[FIRST, SECOND], 'dbmate', []]);
    assert.deepEqual(
      (await project.up()).applied.map(({ version }) => version),
      [THIRD],
    );
    assert.equal((await project.status()).foreign, undefined);
  });

  it('is refused when it is not the beginning of the files', async t => {
    const project = await existing(
      t,
      `${BUILT} create table c (); ${applied([FIRST, THIRD, '20230101000000'])}`,
    );
    const error = await failure(adopt(project), 'baseline_refused');
    assert.match(
      error.message,
      /not applied, but before 20240103000000, which is: 20240102000000_i\.sql; applied, and without a file: 20230101000000/,
    );
  });

  it('is nobody else’s business: other versions, other tables of that name', async t => {
    const project = await existing(t, applied(['1', '2']));
    await project.up();
    const other = await existing(t, 'create table schema_migrations (version bigint, dirty boolean);');
    await other.up();
    assert.match((await failure(adopt(await createProject(t, FILES)), 'usage')).message, /Which version/);
  });
});
