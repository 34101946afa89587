import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { migrateUp, readMigrations } from '@holdfast/database/migrate';
import { type Catalog, readCatalog, sql } from '@holdfast/postgres';
import { eventually, throwawayHome } from '@holdfast/testing';
import { driftEntries } from '../../src/health/entries/drift/index.ts';
import type { HealthEntry, HealthReading } from '../../src/health/entry.ts';
import { type EntryCase, testEntries } from './cases.ts';
import { entryOf, healthContext, open, read } from './health-context.ts';
import { createStage, type Stage } from './stage.ts';

const SCHEMA = `
  create type mood as enum ('good', 'bad');
  create sequence tickets;
  create table people (id int primary key, name text not null default 'nobody', mood mood, age int check (age > 0));
  create table pets (id int primary key, owner_id int references people, name text, constraint pets_name unique (name));
  create index pets_owner on pets (owner_id);
  create unique index people_name on people (lower(name));
  create view adults as select id, name from people where age > 17;
  create function touch() returns trigger language plpgsql as 'begin return new; end';
  create trigger people_touch before update on people for each row execute function touch();
  create extension amcheck;
`;

/** The schema as it was made, and a look at it after a script. */
async function drifted(
  t: TestContext,
  entry: HealthEntry,
  script: string,
  change: (catalog: Catalog) => Catalog = catalog => catalog,
): Promise<HealthReading> {
  const stage = await createStage(t, SCHEMA);
  const catalog = change(await readCatalog(stage.db, { schemas: ['public'] }));
  await stage.db.script(script);
  return look(stage, entry, catalog);
}

function look({ look: see }: Stage, entry: HealthEntry, catalog: Catalog): Promise<HealthReading> {
  return see(entry, { expected: { catalog, source: 'the migrations up to 0005' } });
}

const after =
  (script: string): EntryCase['fire'] =>
  (t, entry) =>
    drifted(t, entry, script);
/** What another tool keeps in a schema of its own is no drift. */
const quiet = after(`create schema theirs; create table theirs.things (id int primary key)`);

testEntries(driftEntries, {
  43: {
    fire: after(
      'drop table pets; drop sequence tickets; create table strays (id int); alter table people rename to persons; alter table persons rename to people',
    ),
    expect: {
      level: 'critical',
      summary: /^3 tables or sequences not as in the migrations up to 0005$/,
      evidence: { type: 'sequence', name: 'public.tickets', change: 'missing' },
      remedy:
        /^-- not run, because it destroys all rows of public\.strays[\s\S]*\ncreate table public\.pets \([\s\S]*\ncreate sequence public\.tickets/,
      metrics: { differences: 3, critical_differences: 2 },
    },
    quiet,
  },
  44: {
    fire: after(`
      drop view adults;
      alter table people alter column name set default 'somebody', drop column age, alter column id type bigint;
      alter table pets add column extra int;
      alter type mood add value 'fair' after 'good';
    `),
    expect: {
      level: 'critical',
      summary: /^5 columns or types not as in/,
      evidence: { type: 'column', name: 'public.people.age', change: 'missing' },
      remedy:
        /alter table public\.people add column age integer;\n[\s\S]*\n-- alter table public\.people alter column id type integer using id::integer;/,
      metrics: { differences: 5, critical_differences: 2 },
    },
    quiet,
  },
  45: {
    fire: after(
      'drop index pets_owner; drop index people_name; create index people_name on people (name); create unique index more on people (age)',
    ),
    expect: {
      level: 'critical',
      summary: /^3 indexes not as in/,
      evidence: {
        type: 'index',
        name: 'public.people_name',
        change: 'changed',
        property: 'definition',
      },
      remedy: /CREATE INDEX CONCURRENTLY pets_owner ON public\.pets USING btree \(owner_id\);/i,
      metrics: { differences: 3, critical_differences: 1 },
    },
    quiet,
  },
  46: {
    fire: after(`
      alter table pets drop constraint pets_owner_id_fkey;
      alter table pets drop constraint pets_name;
      alter table people drop constraint people_age_check, add constraint people_age_check check (age > 1);
    `),
    expect: {
      level: 'critical',
      summary: /^3 constraints not as in/,
      evidence: {
        type: 'constraint',
        name: 'public.people.people_age_check',
        change: 'changed',
        property: 'definition',
      },
      remedy:
        /alter table public\.pets add constraint pets_owner_id_fkey FOREIGN KEY \(owner_id\) REFERENCES public\.people\(id\) not valid;\nalter table public\.pets validate constraint pets_owner_id_fkey;/,
      metrics: { differences: 3, critical_differences: 3 },
    },
    quiet,
  },
  47: {
    fire: after(`
      drop trigger people_touch on people;
      create or replace function touch() returns trigger language plpgsql as 'begin return null; end';
      create or replace view adults as select id, name from people where age > 20;
    `),
    expect: {
      level: 'critical',
      summary: /^3 triggers, functions or views not as in/,
      evidence: { type: 'trigger', name: 'public.people.people_touch', change: 'missing' },
      remedy:
        /CREATE OR REPLACE FUNCTION public\.touch\(\)[\s\S]*create or replace view public\.adults[\s\S]*\nCREATE TRIGGER people_touch .*;$/,
      metrics: { differences: 3, critical_differences: 1 },
    },
    quiet,
  },
  48: {
    fire: after(`
      alter table people owner to holdfast_owner;
      grant insert, update on pets to public;
      alter default privileges in schema public grant delete on tables to public;
    `),
    expect: {
      level: 'critical',
      summary: /^3 rights not as intended; 2 of them PUBLIC's to write$/,
      evidence: {
        type: 'table',
        name: 'public.people',
        property: 'owner',
        live: 'holdfast_owner',
        expected: 'postgres',
      },
      remedy:
        /^alter default privileges for role postgres in schema public revoke all on tables from public;\nalter table public\.people owner to postgres;\nrevoke insert, update on table public\.pets from public;$/,
      metrics: { differences: 3, critical_differences: 1 },
    },
    quiet,
  },
  49: {
    fire: (t, entry) =>
      drifted(t, entry, 'create policy own on pets using (id > 0)', catalog => ({
        ...catalog,
        tables: catalog.tables.map(table =>
          table.name === 'people' ? { ...table, rowSecurity: true } : table,
        ),
      })),
    expect: {
      level: 'critical',
      summary: /^3 tables or policies not as intended$/,
      evidence: {
        type: 'table',
        name: 'public.people',
        property: 'row level security',
        expected: 'true',
        live: 'false',
      },
      remedy: /^drop policy own on public\.pets;\nalter table public\.people enable row level security;$/,
      metrics: { differences: 3, critical_differences: 2 },
    },
    quiet: async (t, entry) => {
      const stage = await createStage(
        t,
        `${SCHEMA}; alter table pets enable row level security; create policy own on pets using (id > 0)`,
      );
      return look(stage, entry, await readCatalog(stage.db, { schemas: ['public'] }));
    },
  },
  50: {
    fire: after(
      `drop extension amcheck; create extension pg_trgm version '1.5'; create extension if not exists btree_gist`,
    ),
    expect: {
      level: 'critical',
      summary: /^4 extensions missing, unexpected or of another version$/,
      evidence: { type: 'extension', name: 'amcheck', change: 'missing' },
      remedy:
        /\ncreate extension amcheck with schema public version '[\d.]+';\nalter extension pg_trgm update;/,
      metrics: { differences: 4, critical_differences: 1 },
    },
    quiet,
  },
  51: {
    fire: async (t, entry) => {
      const { db, context } = await ownCluster(t);
      // the file's time has whole seconds: written again until it is later than the last loading
      return eventually(async () => {
        await db.query(sql`alter system set work_mem = '7MB'`);
        const reading = await read(context, entry);
        return reading.level === 'warn' && reading;
      });
    },
    expect: {
      level: 'warn',
      summary: /^1 setting not as written or expected$/,
      evidence: { type: 'setting', name: 'work_mem', change: 'not loaded', inFile: '7MB', live: '4MB' },
      remedy: /^select pg_reload_conf\(\);$/,
      metrics: { differences: 1 },
    },
    quiet: async (t, entry) => read((await ownCluster(t)).context, entry),
  },
  52: {
    fire: async (t, entry) => {
      const { stage, dir } = await migrated(t);
      await writeFile(
        join(dir, '0001_one.sql'),
        migration('create table one (id int primary key, name text)'),
      );
      await writeFile(join(dir, '0003_three.sql'), migration('create table three (id int)'));
      return stage.look(entry, { migrationsDirectory: dir });
    },
    expect: {
      level: 'critical',
      summary: /^1 pending, 0 half done, 0 failed, 1 in contradiction to their files$/,
      evidence: { version: '0001', name: 'one', state: 'tampered' },
      remedy: /^-- 0001_one\.sql was edited after it was applied.*\nholdfast migrate$/,
      metrics: { applied_migrations: 1, pending_migrations: 1, contradicting_migrations: 1 },
    },
    quiet: async (t, entry) => {
      const { stage, dir } = await migrated(t);
      return stage.look(entry, { migrationsDirectory: dir });
    },
  },
});

async function ownCluster(t: TestContext) {
  const { start } = await throwawayHome(t);
  const { superuserUrl } = await start();
  const db = await open(t, superuserUrl);
  return { db, context: await healthContext(db, superuserUrl) };
}

const migration = (up: string): string => `-- migrate:up\n${up};\n-- migrate:down\n`;

async function migrated(t: TestContext): Promise<{ stage: Stage; dir: string }> {
  const stage = await createStage(t, 'select 1');
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-health-'));
  t.after(() => rm(dir, { recursive: true }));
  await writeFile(join(dir, '0001_one.sql'), migration('create table one (id int primary key)'));
  await writeFile(join(dir, '0002_two.sql'), migration('create table two (id int primary key)'));
  await migrateUp({ connection: stage.db, migrations: await readMigrations(dir), appVersion: '1.0.0' });
  return { stage, dir };
}

test('without anything to compare with, the comparisons say so', async t => {
  const { look: see } = await createStage(t, SCHEMA);
  for (const number of [43, 44, 45, 46, 47]) {
    const reading = await see(entryOf(driftEntries, number));
    assert.ok(reading.level === 'skipped' && /nothing to compare with/.test(reading.why));
  }
  assert.equal((await see(entryOf(driftEntries, 52))).level, 'skipped');
});

test('45 leaves the indexes of constraints to 46', async t => {
  const script = 'alter table pets drop constraint pets_name; alter table people add unique (age)';
  assert.equal((await drifted(t, entryOf(driftEntries, 45), script)).level, 'ok');
  assert.equal((await drifted(t, entryOf(driftEntries, 46), script)).level, 'critical');
});

test('51 names a line that the server cannot read', async t => {
  const { db, context } = await ownCluster(t);
  const { file } = await db.one(sql<{ file: string }>`select current_setting('config_file') as file`);
  await writeFile(file, '\nwork_mem = nonsense\n', { flag: 'a' });
  const reading = await read(context, entryOf(driftEntries, 51));
  assert.ok(reading.level === 'critical', JSON.stringify(reading));
  assert.match(String(reading.evidence?.[0]?.error), /setting could not be applied/);
  assert.match(String(reading.evidence?.[0]?.file), /postgresql\.conf:\d+$/);
});

test('48 and 49 look without an expectation, too', async t => {
  const script = 'create policy own on pets using (id > 0); grant delete on people to public';
  const { look: see } = await createStage(t, `${SCHEMA}; ${script}`);
  const [rights, security] = [
    await see(entryOf(driftEntries, 48)),
    await see(entryOf(driftEntries, 49)),
  ] as const;
  assert.ok(rights.level === 'warn' && security.level === 'critical');
  assert.equal(rights.remedy, 'revoke DELETE on table public.people from public;');
  assert.equal(security.remedy, 'alter table public.pets enable row level security; -- or drop its 1 policy');
});

test('what is made good is what the entry names, and nothing else', async t => {
  const script = 'alter table pets add column extra int; alter table people alter column name drop default';
  const reading = await drifted(
    t,
    entryOf(driftEntries, 46),
    `${script}; alter table pets drop constraint pets_name`,
  );
  assert.ok(reading.level === 'critical');
  assert.doesNotMatch(reading.remedy ?? '', /extra|default/);
  assert.match(reading.remedy ?? '', /pets_name/);
});

test('a remedy too long to be read is the command that writes it', async t => {
  const strays = Array.from({ length: 21 }, (_, index) => `create table stray_${index} ()`).join(';');
  const reading = await drifted(t, entryOf(driftEntries, 43), strays);
  assert.ok(reading.level === 'warn');
  assert.match(reading.remedy ?? '', /^holdfast drift --sql --output reconcile\.sql # 21 statements/);
});
