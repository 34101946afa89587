import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { chooseScope, diffCatalogs, findLedgerSnapshot } from '@holdfast/database/drift';
import {
  type BaselineOptions,
  baseline,
  type RepairOptions,
  readMigrations,
  repairLedger,
} from '@holdfast/database/migrate';
import { readCatalog, sql } from '@holdfast/postgres';
import { narrowCatalog } from '../src/drift/expected/narrow-catalog.ts';
import { column, createProject, failure, migration, openConnection, type Project } from './fixtures.ts';

const UP = `
  create schema app;
  create table app.orders (id int primary key, total int check (total > 0));
  create index orders_total on app.orders (total);
  create view app.totals as select total from app.orders;
`;
const FILES = {
  '0001_orders.sql': migration(UP),
  '0002_audit.sql': migration(
    'create schema audit; create table audit.entries (id int, order_id int references app.orders);',
  ),
};
const BUILT = `${UP} create schema audit; create table audit.entries (id int, order_id int references app.orders);`;

async function adopt(project: Project, options: Partial<BaselineOptions> = {}) {
  const migrations = await readMigrations(project.dir);
  const scratch = { url: project.db.superuserUrl };
  const given = { connection: project.owner, appVersion: '1.2.3', migrations, scratch, version: '2' };
  return baseline({ ...given, ...options });
}

async function accept(project: Project, version: string, options: Partial<RepairOptions> = {}) {
  const migrations = await readMigrations(project.dir);
  const scratch = { url: project.db.superuserUrl };
  const given = { connection: project.owner, appVersion: '1.2.3', migrations, scratch, reason: 'because' };
  return repairLedger({ ...given, repair: { action: 'accept', version }, ...options });
}

async function ledger(project: Project): Promise<unknown[]> {
  return column(project.owner, sql`select version from holdfast_ledger.migrations order by version`);
}

describe('baseline of migrations that fill other schemas than public', { timeout: 120_000 }, () => {
  it('refuses an empty database', async t => {
    const project = await createProject(t, FILES);
    const error = await failure(adopt(project, { acceptDifferences: true }), 'baseline_refused');
    assert.match(
      error.message,
      /^Tables are missing.*\n- schema app is missing.*\n- schema audit is missing/,
    );
    assert.equal((await project.status()).ledger, false);
    await project.owner.script(`${BUILT} alter schema audit rename to elsewhere`);
    const renamed = await failure(adopt(project, { acceptDifferences: true }), 'baseline_refused');
    assert.match(
      renamed.message,
      /^Tables are missing.*\n- schema audit: its name is elsewhere instead of audit/,
    );
  });

  it('takes one over that has them all, and knows afterwards what they hold', async t => {
    const project = await createProject(t, FILES);
    await project.owner.script(BUILT);
    assert.deepEqual((await adopt(project)).differences, []);
    const stored = await findLedgerSnapshot(project.owner);
    assert.deepEqual(
      [stored?.schemas, stored?.catalog.tables.map(({ schema, name }) => `${schema}.${name}`)],
      ['all', ['app.orders', 'audit.entries']],
    );
    assert.deepEqual(
      await column(project.owner, sql`select schemas::text from holdfast_ledger.catalog_snapshots`),
      ['{*,app,audit,public}'],
    );
  });

  it('with a schema named refuses to compare nothing with nothing, and a name that is none', async t => {
    const project = await createProject(t, FILES);
    const nothing = await failure(adopt(project, { schemas: ['public'] }), 'baseline_refused');
    assert.match(nothing.message, /build nothing in public, so to compare that alone would prove nothing/);
    const misspelt = await failure(adopt(project, { schemas: ['ap'] }), 'usage');
    assert.equal(misspelt.message, 'There is no schema ap to look at; there are public');
    await project.owner.script(UP);
    assert.deepEqual((await adopt(project, { schemas: ['app'] })).differences, []);
    assert.deepEqual(await ledger(project), ['0001', '0002']);
  });

  it('without a scratch database refuses one that has no table in any schema', async t => {
    const project = await createProject(t, FILES);
    const migrations = await readMigrations(project.dir);
    const unchecked = () =>
      baseline({ connection: project.owner, appVersion: '1', migrations, version: '2' });
    assert.match((await failure(unchecked(), 'baseline_refused')).message, /no table in the database/);
    await project.owner.script(UP);
    assert.equal((await unchecked()).compared, false);
  });
});

describe('repair of a file that fills other schemas than public', { timeout: 120_000 }, () => {
  const CHANGED = { '0001_orders.sql': migration(UP.replace('total int', 'total bigint')) };
  const SAME = { '0001_orders.sql': migration(UP.replace('id int', 'id integer')) };

  async function applied(t: TestContext, schemas?: readonly string[]): Promise<Project> {
    const project = await createProject(t, FILES);
    await project.up(schemas === undefined ? {} : { schemas });
    return project;
  }

  it('refuses one that changes something there', async t => {
    const project = await applied(t);
    await project.write(CHANGED);
    const error = await failure(accept(project, '1'), 'repair_refused');
    assert.match(error.message, /- column app\.orders\.total: its type is bigint instead of integer/);
    await project.write(SAME);
    assert.equal((await accept(project, '1')).compared, true);
  });

  it('refuses it also when the ledger remembers public alone, as it once did', async t => {
    const project = await applied(t, ['public']);
    await project.write(CHANGED);
    const error = await failure(accept(project, '1'), 'repair_refused');
    assert.match(error.message, /- column app\.orders\.total: its type is bigint instead of integer/);
    await project.write(SAME);
    assert.equal((await accept(project, '1')).compared, true);
  });

  it('looks at the named schemas alone, and says so where something else has made others', async t => {
    const project = await createProject(t, FILES);
    await project.owner.script('create schema "Other"; create table "Other".things (id int)');
    await project.up();
    await project.write(SAME);
    const error = await failure(accept(project, '1'), 'repair_refused');
    assert.match(
      error.message,
      /- schema "Other" is missing[\s\S]*makes "Other", name the schemas .* --schema$/,
    );
    await failure(accept(project, '1', { schemas: ['ap'] }), 'usage');
    assert.equal((await accept(project, '1', { schemas: ['app', 'audit'] })).compared, true);
  });

  it('does not mind the table in which dbmate keeps its own', async t => {
    const project = await createProject(t, FILES);
    await project.owner.script(
      `${BUILT} create table schema_migrations (version varchar(128) primary key); insert into schema_migrations values ('0001'), ('0002')`,
    );
    await adopt(project);
    await project.write(SAME);
    assert.equal((await accept(project, '1')).compared, true);
  });
});

describe('the snapshot in the ledger', { timeout: 120_000 }, () => {
  it('is compared in the schemas it was taken of, or fewer', async t => {
    const project = await createProject(t, FILES);
    await project.up();
    await project.owner.script('drop table audit.entries; create schema later;');
    const compare = async (wanted: readonly string[] | 'all') => {
      const stored = await findLedgerSnapshot(project.owner);
      assert.ok(stored);
      const { expected, schemas } = chooseScope(stored, wanted, 'it');
      const live = await readCatalog(project.owner, { schemas });
      const { differences } = diffCatalogs({ expected, live });
      return differences.map(({ kind, type, name }) => `${kind} ${type} ${name}`);
    };
    assert.deepEqual(await compare('all'), ['unexpected schema later', 'missing table audit.entries']);
    assert.deepEqual(await compare(['audit']), ['missing table audit.entries']);
    assert.deepEqual(await compare(['app', 'public']), []);
  });

  it('of public alone stays readable, and says nothing about the rest', async t => {
    const project = await createProject(t, FILES);
    await project.up({ schemas: ['public'] });
    const stored = await findLedgerSnapshot(project.owner);
    assert.ok(stored);
    assert.deepEqual(chooseScope(stored, 'all', 'it').schemas, ['public']);
    assert.throws(
      () => chooseScope(stored, ['public', 'app'], 'It'),
      /^HoldfastError: It was taken of public and says nothing about app\. Leave that out of --schema, or compare with/,
    );
    assert.throws(
      () => chooseScope({ ...stored, catalog: { ...stored.catalog, schemas: [] } }, 'all', 'It'),
      /was taken of public, which did not exist\. Compare with the migrations/,
    );
  });

  it('is no drift in what belongs to an extension, its schema included', async t => {
    const project = await createProject(t, FILES);
    const admin = await openConnection(t, project.db.superuserUrl);
    await admin.script('create schema tools; create extension citext schema tools');
    await admin.script(
      'create extension pgcrypto; create schema owned; alter extension pgcrypto add schema owned',
    );
    await project.up();
    await admin.script('create table owned.made_later (id int)');
    const stored = await findLedgerSnapshot(project.owner);
    assert.ok(stored);
    assert.deepEqual(stored.catalog.schemas, ['app', 'audit', 'public', 'tools']);
    assert.deepEqual([stored.catalog.functions, stored.catalog.types], [[], []]);
    const live = await readCatalog(project.owner, { schemas: 'all' });
    assert.deepEqual(diffCatalogs({ expected: stored.catalog, live }).differences, []);
  });
});

it('narrows a catalog to what would have been read for those schemas', async t => {
  const project = await createProject(t, FILES);
  await project.up();
  await project.owner.script(`
    create table audit.parts (like app.orders) partition by range (id);
    create table app.part partition of audit.parts for values from (1) to (2);
    create function app.f() returns trigger language plpgsql as 'begin return new; end';
    create trigger touched before update on audit.entries for each row execute function app.f();
    create policy mine on app.orders using (id > 0);
    create rule nothing as on delete to app.orders do instead nothing;
    create statistics app.both on id, total from app.orders;
    create type audit.kind as enum ('a'); create sequence audit.numbers;
    create collation app.plain (locale = 'C');
    alter default privileges in schema audit grant select on tables to public;
    alter default privileges grant select on tables to public;
  `);
  const all = await readCatalog(project.owner, { schemas: 'all' });
  for (const schemas of [['app'], ['audit'], ['public'], ['audit', 'public'], ['none']]) {
    assert.deepEqual(narrowCatalog(all, schemas), await readCatalog(project.owner, { schemas }));
  }
});
