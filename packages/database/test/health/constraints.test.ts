import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { systemClock } from '@holdfast/core';
import { sql } from '@holdfast/postgres';
import { catalogSql } from '../../src/health/entries/catalog-sql.ts';
import { constraintEntries } from '../../src/health/entries/constraints/index.ts';
import { type EntryCase, testEntries } from './cases.ts';
import { entryOf, healthContext, open, read } from './health-context.ts';
import { createStage } from './stage.ts';

const SCHEMA = `
  create schema other;
  create table parents (id int primary key, code text not null unique, region int, constraint parents_region unique (region, id));
  create table children (
    id bigint primary key,
    parent_id bigint references parents (id),
    amount int not null constraint children_amount check (amount > 0)
  );
  create table other.notes (id int primary key, note text, constraint notes_child foreign key (id) references public.children (id));
  create function touch() returns trigger language plpgsql as 'begin return new; end';
  create trigger children_touch before update on children for each row execute function touch();
  insert into parents select i, 'code ' || i, i % 3 from generate_series(1, 1000) i;
  insert into children select i, i % 1000 + 1, i from generate_series(1, 5000) i;
  insert into children values (5001, null, 1);
  insert into other.notes select i, 'note' from generate_series(1, 100) i;
  analyze;
`;

const stage = (t: TestContext, script = SCHEMA) => createStage(t, script);

/** A case on the schema above: damage by a script, then a look. */
function after(script: string): EntryCase['fire'] {
  return async (t, entry) => {
    const { db, look } = await stage(t);
    await db.script(script);
    return look(entry);
  };
}

const quiet: EntryCase['quiet'] = async (t, entry) => (await stage(t)).look(entry);
const behindTheBack = (script: string): string =>
  `set session_replication_role = replica; ${script}; set session_replication_role = origin;`;

testEntries(constraintEntries, {
  33: {
    fire: after('alter table children add constraint small check (amount < 100) not valid'),
    expect: {
      level: 'warn',
      summary: /^1 constraint NOT VALID$/,
      evidence: {
        table: 'public.children',
        constraint: 'small',
        kind: 'check',
        definition: 'CHECK ((amount < 100)) NOT VALID',
      },
      remedy: /^alter table public\.children validate constraint small;$/,
      metrics: { unvalidated_constraints: 1 },
    },
    quiet,
  },
  34: {
    fire: after(
      behindTheBack(
        'delete from parents where id <= 3; insert into other.notes values (99999, null), (88888, null)',
      ),
    ),
    expect: {
      level: 'critical',
      summary: /^17 rows without a parent in 2 foreign keys; 2 foreign keys examined$/,
      evidence: {
        table: 'public.children',
        constraint: 'children_parent_id_fkey',
        parent: 'public.parents',
        orphans: 15,
        validated: true,
      },
      remedy: /delete from only public\.children f where "f"\."parent_id" is not null and not exists/,
      metrics: { orphan_rows: 17, broken_foreign_keys: 2 },
    },
    quiet,
  },
  35: {
    // an index that lost its entries takes the same key again
    fire: after(`
      update pg_index set indisready = false, indislive = false where indexrelid = 'parents_code_key'::regclass;
      insert into parents values (2001, 'code 1', 0), (2002, 'code 1', 0), (2003, 'code 2', 0);
      update pg_index set indisready = true, indislive = true where indexrelid = 'parents_code_key'::regclass;
    `),
    expect: {
      level: 'critical',
      summary: /^2 keys with several rows under 1 unique index; 5 unique indexes examined without using any$/,
      evidence: { table: 'public.parents', index: 'public.parents_code_key', duplicateKeys: 2, valid: true },
      remedy: /reindex index public\.parents_code_key;/,
      metrics: { duplicate_keys: 2, broken_unique_indexes: 1 },
    },
    quiet,
  },
  36: {
    fire: after(
      'alter table parents disable trigger all; alter table children disable trigger children_touch',
    ),
    expect: {
      level: 'critical',
      summary: /^3 triggers off, 2 of them behind foreign keys$/,
      evidence: { table: 'public.parents', fires: 'never', constraint: 'children_parent_id_fkey' },
      remedy:
        /^alter table public\.parents enable trigger all;\nalter table public\.children enable trigger children_touch;/,
      metrics: { disabled_triggers: 3, disabled_foreign_key_triggers: 2 },
    },
    quiet: async (t, entry) => {
      const { db, look } = await stage(t);
      await db.script('alter table children enable always trigger children_touch');
      return look(entry);
    },
  },
  37: {
    fire: async (t, entry) => {
      const { db, database, look } = await stage(t);
      await db.query(sql`alter database ${sql.id(database.name)} set session_replication_role = 'replica'`);
      await db.script(
        `create procedure load() language sql set session_replication_role = replica as 'select 1'`,
      );
      return look(entry);
    },
    expect: {
      level: 'critical',
      summary: /^session_replication_role is set for 2 places$/,
      evidence: { value: 'replica' },
      remedy:
        /^alter database test_constraints\w+ reset session_replication_role;\nalter routine load\(\) reset session_replication_role;/,
      metrics: { replication_role_settings: 2 },
    },
    quiet,
  },
  38: {
    fire: after(`
      alter table children add constraint even check (amount % 2 = 0) not valid;
      update pg_constraint set convalidated = true where conname = 'even';
      update pg_attribute set attnotnull = true where attrelid = 'children'::regclass and attname = 'parent_id';
    `),
    expect: {
      level: 'critical',
      summary: /^2,502 rows break 2 rules; 3 tables examined$/,
      evidence: { table: 'public.children', rule: 'check', name: 'even', rows: 2501, validated: true },
      remedy:
        /^select \* from only public\.children where not \(\(\(amount % 2\) = 0\)\);.*\n.*num_nulls\(parent_id\) > 0/,
      metrics: { rule_breaking_rows: 2502, broken_rules: 2 },
    },
    quiet,
  },
});

const orphans = entryOf(constraintEntries, 34);
const duplicates = entryOf(constraintEntries, 35);
const brokenRules = entryOf(constraintEntries, 38);

const SHAPES = `
  create schema "Odd Schema";
  create collation nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
  create table places (country text, code int, primary key (country, code));
  create table visits (id int primary key, country text, code bigint,
    constraint visits_place foreign key (country, code) references places match full);
  create table simple_visits (id int primary key, country text, code int,
    constraint simple_place foreign key (country, code) references places);
  create table tree (id int primary key, parent int constraint tree_parent references tree);
  create table events (id int, day date, primary key (id, day)) partition by range (day);
  create table events_old partition of events for values from ('2020-01-01') to ('2024-01-01');
  create table events_new partition of events for values from ('2024-01-01') to ('2030-01-01');
  create table "Odd Schema"."Event ""Notes""" (id int, "The Day" date,
    constraint "To Event" foreign key (id, "The Day") references events) partition by hash (id);
  create table "Odd Schema".notes_all partition of "Odd Schema"."Event ""Notes""" for values with (modulus 1, remainder 0);
  create table words (word text collate nocase primary key);
  create table uses (word text collate nocase constraint uses_word references words);
  create table codes (code text collate "C" primary key);
  create table code_uses (code text collate "POSIX" constraint code_uses_code references codes);
  create table base (id int primary key);
  create table derived () inherits (base);
  create table base_refs (id int constraint base_refs_base references base);
  insert into places values ('de', 1), ('fr', 2);
  insert into visits values (1, 'de', 1), (2, null, null);
  insert into simple_visits values (1, 'de', 1), (2, null, 7), (3, 'xx', null);
  insert into tree values (1, null), (2, 1);
  insert into events values (1, '2021-01-01'), (2, '2025-01-01');
  insert into "Odd Schema"."Event ""Notes""" values (1, '2021-01-01'), (2, '2025-01-01');
  insert into words values ('House');
  insert into uses values ('HOUSE');
  insert into codes values ('a');
  insert into code_uses values ('a');
  insert into base values (1);
  insert into derived values (2);
  insert into base_refs values (1);
`;

test('34 knows MATCH FULL, several columns, itself, partitions, odd names, collations and inheritance', async t => {
  const { db, look } = await stage(t, SHAPES);
  const healthy = await look(orphans);
  assert.equal(healthy.level, 'ok', JSON.stringify(healthy));
  assert.match(healthy.level === 'ok' ? healthy.summary : '', /^no orphans; 7 foreign keys examined$/);
  await db.script(
    behindTheBack(`
      insert into visits values (3, 'de', null), (4, 'de', 9);
      insert into simple_visits values (4, 'fr', 1);
      insert into tree values (3, 7);
      insert into "Odd Schema"."Event ""Notes""" values (2, '2021-01-01');
      insert into uses values ('mouse');
      insert into code_uses values ('A');
      insert into base_refs values (2)
    `),
  );
  const reading = await look(orphans);
  assert.ok(reading.level === 'critical');
  assert.deepEqual(
    reading.evidence?.map(({ table, constraint, orphans: rows }) => [table, constraint, rows]),
    [
      ['public.visits', 'visits_place', 2],
      ['"Odd Schema"."Event ""Notes"""', 'To Event', 1],
      ['public.base_refs', 'base_refs_base', 1],
      ['public.code_uses', 'code_uses_code', 1],
      ['public.simple_visits', 'simple_place', 1],
      ['public.tree', 'tree_parent', 1],
      ['public.uses', 'uses_word', 1],
    ],
  );
});

test('34 knows the periods of PostgreSQL 18 and leaves alone what is not enforced', async t => {
  const { db, look } = await stage(
    t,
    `
    create extension btree_gist;
    create table prices (item int, valid daterange, primary key (item, valid without overlaps));
    create table orders (item int, during daterange,
      constraint orders_price foreign key (item, period during) references prices (item, period valid));
    create table items (item int primary key);
    create table hints (item int, constraint hints_nothing foreign key (item) references items not enforced);
    `,
  );
  await db.script(`
    insert into prices values (1, '[2020-01-01,2021-01-01)'), (1, '[2021-01-01,2022-01-01)');
    insert into orders values (1, '[2020-06-01,2021-06-01)');
    insert into hints values (7);
  `);
  const healthy = await look(orphans);
  assert.equal(healthy.level, 'ok', JSON.stringify(healthy));
  await db.script(behindTheBack(`insert into orders values (1, '[2021-06-01,2022-06-01)')`));
  const reading = await look(orphans);
  assert.ok(reading.level === 'critical');
  assert.deepEqual(
    reading.evidence?.map(({ constraint, orphans: rows }) => [constraint, rows]),
    [['orders_price', 1]],
  );
});

test('34: the remedy puts the orphans aside and makes the constraint true', async t => {
  const { db, look } = await stage(t);
  await db.script(behindTheBack('delete from parents where id > 998'));
  const reading = await look(orphans);
  assert.ok(reading.level === 'critical');
  await db.script(reading.remedy ?? '');
  assert.equal((await look(orphans)).level, 'ok');
  const [{ count } = { count: 0 }] = await db.many(
    sql<{ count: number }>`select count(*) from public.children_orphans`,
  );
  assert.equal(count, 10);
});

test('34 does not take rows that are hidden from it for rows that are gone', async t => {
  const { db, database } = await stage(t);
  await db.script(`
    alter table parents enable row level security;
    create policy few on parents using (id > 500);
    grant select on all tables in schema public, other to holdfast_app;
    grant usage on schema other to holdfast_app;
  `);
  const app = await open(t, database.url);
  const reading = await read(await healthContext(app, database.url), orphans);
  assert.ok(reading.level === 'ok', JSON.stringify(reading));
  assert.match(reading.summary, /1 foreign key examined; 1 cannot be read by holdfast_app/);
});

test('34 joins, whatever the size', async t => {
  const { db } = await stage(t);
  const { countOrphans } = await import('../../src/health/entries/constraints/orphan-query.ts');
  const { listForeignKeys } = await import('../../src/health/entries/constraints/foreign-key-queries.ts');
  for (const key of await listForeignKeys(db, ['public', 'other'], 180000)) {
    const rows = await db.many(
      sql<Record<'QUERY PLAN', string>>`explain ${countOrphans(key, { percent: 100, seed: 1 })}`,
    );
    const plan = rows.map(row => row['QUERY PLAN']).join('\n');
    assert.match(plan, /(Hash|Merge|Nested Loop) (Right )?Anti Join/);
    assert.doesNotMatch(plan, /SubPlan/);
  }
});

const UNIQUES = `
  create table t (id int, a text, b int, c int, extra int);
  create unique index t_nulls on t (b);
  create unique index t_partial on t (c) where c > 10;
  create unique index t_expression on t (lower(a));
  create unique index t_include on t (id) include (extra);
  create unique index t_same on t (c, b) nulls not distinct where c = 5;
  insert into t values (1, 'a', null, 1, 1), (2, 'b', null, 1, 1), (3, null, 1, 11, 1), (4, null, 2, 5, 1);
`;

test('35 knows nulls, predicates, expressions and included columns', async t => {
  const { db, look } = await stage(t, UNIQUES);
  const healthy = await look(duplicates);
  assert.equal(healthy.level, 'ok', JSON.stringify(healthy));
  await db.script(`
    update pg_index set indisready = false, indislive = false where indrelid = 't'::regclass;
    insert into t values (1, 'A', 1, 11, 7), (9, null, null, 5, 7), (10, null, null, 5, 7);
    update pg_index set indisready = true, indislive = true where indrelid = 't'::regclass;
  `);
  const reading = await look(duplicates);
  assert.ok(reading.level === 'critical');
  assert.deepEqual(reading.evidence?.map(({ index, duplicateKeys }) => [index, duplicateKeys]).toSorted(), [
    ['public.t_expression', 1],
    ['public.t_include', 1],
    ['public.t_nulls', 1],
    ['public.t_partial', 1],
    ['public.t_same', 1],
  ]);
});

test('35 knows indexes over a constant, which allow one row', async t => {
  const { db, look } = await stage(
    t,
    `
    create table settings (id int);
    create unique index settings_true on settings ((true));
    create unique index settings_one on settings ((1));
    create unique index settings_pair on settings ((2), id);
    create unique index settings_text on settings (('only'::text));
    insert into settings values (1);
    `,
  );
  const healthy = await look(duplicates);
  assert.ok(healthy.level === 'ok', JSON.stringify(healthy));
  assert.match(healthy.summary, /^no duplicates; 4 unique indexes examined without using any$/);
  await db.script(`
    update pg_index set indisready = false, indislive = false where indrelid = 'settings'::regclass;
    insert into settings values (2);
    update pg_index set indisready = true, indislive = true where indrelid = 'settings'::regclass;
  `);
  const reading = await look(duplicates);
  assert.ok(reading.level === 'critical', JSON.stringify(reading));
  assert.deepEqual(reading.evidence?.map(({ index, duplicateKeys }) => [index, duplicateKeys]).toSorted(), [
    ['public.settings_one', 1],
    ['public.settings_text', 1],
    ['public.settings_true', 1],
  ]);
  for (const query of (reading.remedy ?? '').split('\n').filter(line => line.startsWith('select '))) {
    const rows: { count?: number }[] = await db.many(catalogSql(query));
    assert.equal(rows[0]?.count, 2);
  }
});

test('35 takes duplicates under an index that was never finished for a warning', async t => {
  const { db, look } = await stage(t);
  await db
    .script('insert into parents select i, $$x$$ || i % 5, 9 from generate_series(3001, 3010) i')
    .catch(() => undefined);
  await db.script('alter table parents drop constraint parents_code_key');
  await db.script('insert into parents values (4001, $$twice$$, 0), (4002, $$twice$$, 0)');
  await assert.rejects(db.query(sql`create unique index concurrently codes on parents (code)`));
  const reading = await look(duplicates);
  assert.ok(reading.level === 'warn', JSON.stringify(reading));
  assert.deepEqual(
    reading.evidence?.map(({ index, valid }) => [index, valid]),
    [['public.codes', false]],
  );
  assert.match(reading.remedy ?? '', /reindex index concurrently public\.codes;/);
});

test('large tables are looked at in part, the summary says how much, and --full means all', async t => {
  const { db, look } = await stage(t);
  await db.script(`
    create table big (id int primary key, parent_id int references parents (id), amount int check (amount > 0));
    insert into big select i, i % 1000 + 1, i from generate_series(1, 300000) i;
    analyze big;
  `);
  await db.script(behindTheBack('update big set parent_id = 999999 where id % 10 = 0'));
  const clock = { ...systemClock, monotonic: () => 0 };
  const sampled = await look(orphans, { budgetMs: 100, clock });
  assert.ok(sampled.level === 'critical');
  assert.match(
    sampled.summary,
    /1 of them in part \(public\.big big_parent_id_fkey \d+%\): holdfast detailed-health --full/,
  );
  const [first] = sampled.evidence ?? [];
  assert.ok(Number(first?.sampledPercent) < 100 && Number(first?.sampledPercent) > 5);
  const all = await look(orphans);
  assert.ok(all.level === 'critical');
  assert.match(all.summary, /^30,000 rows .*; 3 foreign keys examined$/);

  const rules = await look(brokenRules, { budgetMs: 100, clock });
  assert.ok(rules.level === 'ok');
  assert.match(rules.summary, /4 tables examined; 1 of them in part \(public\.big \d+%\)/);

  const slices = await look(duplicates, { budgetMs: 400, clock });
  assert.ok(slices.level === 'ok');
  assert.match(slices.summary, /1 of them in part \(public\.big_pkey \d+%\)/);
  const none = await look(duplicates, { budgetMs: 50, clock });
  assert.ok(none.level === 'ok');
  assert.match(none.summary, /1 not at all \(public\.big_pkey: there was no time for it\)/);
});

test('when there is no time for all small tables, each look begins with others', async t => {
  const { db, look } = await createStage(t, 'create table base (id int primary key)');
  for (let table = 0; table < 60; table += 1) {
    await db.script(`create table t_${table} (id int references base, amount int check (amount > 0));
      insert into t_${table} (amount) select i from generate_series(1, 200) i`);
  }
  await db.script(`
    alter table t_30 drop constraint t_30_amount_check, add constraint t_30_amount check (amount > 1) not valid;
    update pg_constraint set convalidated = true where conname = 't_30_amount'`);
  let [finds, examined] = [0, 0];
  for (let second = 0; second < 61; second += 4) {
    let elapsed = 0;
    const monotonic = (): number => (elapsed += 5);
    const clock = { ...systemClock, monotonic, now: () => second * 1_000 };
    const reading = await look(brokenRules, { budgetMs: 40, clock });
    assert.ok(reading.level !== 'skipped' && reading.metrics !== undefined);
    assert.ok(Number(reading.metrics.unexamined_total) > 30, reading.summary);
    examined += Number(reading.metrics.examined_total);
    if (reading.level === 'critical') finds += 1;
  }
  assert.ok(examined >= 61);
  assert.ok(finds > 0 && finds < 16, `${finds} of 16 looks found it`);
});

test('35: the slices of a large table together are the whole', async t => {
  const { db } = await stage(t, 'create table keys (id int); create unique index keys_id on keys (id)');
  await db.script(`
    update pg_index set indisready = false, indislive = false where indrelid = 'keys'::regclass;
    insert into keys select i % 500 from generate_series(1, 1000) i;
    update pg_index set indisready = true, indislive = true where indrelid = 'keys'::regclass;
  `);
  const { countDuplicates } = await import('../../src/health/entries/constraints/duplicate-query.ts');
  const { listUniqueIndexes } = await import('../../src/health/entries/constraints/unique-index-queries.ts');
  const [index] = await listUniqueIndexes(db, ['public'], 180000);
  assert.ok(index);
  let total = 0;
  for (let seed = 0; seed < 4; seed += 1) {
    const { counts } = await db.one(countDuplicates(index, { percent: 25, seed }));
    assert.ok(Number(counts[0]) > 0 && Number(counts[0]) < 500);
    total += Number(counts[0]);
  }
  assert.equal(total, 500);
});

test('a check that cannot be evaluated does not hide the others', async t => {
  const { db, look } = await stage(t);
  await db.script(`
    create function judge(int) returns boolean immutable language plpgsql as 'begin return $1 > 0; end';
    create table judged (a int check (judge(a)));
    insert into judged values (1);
    create or replace function judge(int) returns boolean immutable language plpgsql
      as 'begin raise exception ''no judgement''; end';
    alter table children add constraint even check (amount % 2 = 0) not valid;
  `);
  const reading = await look(brokenRules);
  assert.ok(reading.level === 'warn', JSON.stringify(reading));
  assert.match(
    reading.summary,
    /^2,501 rows break 1 rule; 3 tables examined; 1 not at all \(public\.judged: no judgement\)/,
  );
});
