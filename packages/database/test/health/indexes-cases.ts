import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type Connection, sql } from '@holdfast/postgres';
import { eventually } from '../fixtures.ts';
import {
  examine,
  expectLevel,
  flushStatistics,
  type HealthCase,
  openDatabase,
  quietOnHoldfast,
} from './examine.ts';

/** Fails as a statement must that meets duplicates; the invalid index stays. */
async function failingBuild(db: Connection, statement: string): Promise<void> {
  await assert.rejects(db.script(statement), /could not create unique index/);
}

async function invalidFires(t: TestContext): Promise<void> {
  const { url, db } = await openDatabase(t);
  await db.script('create table twice (id int, part int); insert into twice values (1), (1)');
  await failingBuild(db, 'create unique index concurrently twice_id on twice (id)');
  const failed = expectLevel(await examine(url, 'invalid-index'), 'critical');
  assert.deepEqual(
    failed.evidence.map(({ index, kind, valid }) => [index, kind, valid]),
    [['public.twice_id', 'failed build', false]],
  );
  await failingBuild(db, 'reindex index concurrently twice_id');
  const both = expectLevel(await examine(url, 'invalid-index'), 'critical');
  assert.deepEqual(
    both.evidence.map(({ index, kind }) => [index, kind]),
    [
      ['public.twice_id', 'failed build'],
      ['public.twice_id_ccnew', 'leftover of reindex concurrently'],
    ],
  );
  assert.match(
    both.remedy ?? '',
    /^reindex index concurrently public\.twice_id; -- fails on duplicates.*\ndrop index concurrently public\.twice_id_ccnew;$/,
  );
  await db.script('delete from twice where ctid <> (select min(ctid) from twice)');
  await db.script('drop index concurrently public.twice_id_ccnew');
  await db.script('reindex index concurrently public.twice_id');
  expectLevel(await examine(url, 'invalid-index'), 'ok');
  await db.script(
    'create table parts (id int) partition by list (id); create table part_one partition of parts for values in (1); create index on only parts (id)',
  );
  const incomplete = expectLevel(await examine(url, 'invalid-index'), 'warn');
  assert.equal(incomplete.evidence[0]?.kind, 'partitions without it');
}

/** While it is being built an index is invalid, too, and nothing is wrong. */
async function invalidQuiet(t: TestContext): Promise<void> {
  await quietOnHoldfast('invalid-index')(t);
  const { url, db, open } = await openDatabase(t);
  const [holder, builder] = [await open(), await open()];
  await db.script('create table building (id int)');
  await holder.script('begin; insert into building values (1)');
  const built = builder.script('create index concurrently building_id on building (id)');
  for (;;) {
    const row = await db.maybeOne(sql`select 1 from pg_index where not indisvalid`);
    if (row !== undefined) break;
  }
  expectLevel(await examine(url, 'invalid-index'), 'ok');
  await holder.script('commit');
  await built;
}

const UNUSED = { limits: { minBytes: 8_192, minStatisticsDays: 0 } };

async function unusedFires(t: TestContext): Promise<void> {
  const { url, db } = await openDatabase(t);
  await db.script(`
    create table parents (id int primary key);
    create table things (id int primary key, code int unique, parent_id int references parents, a int, b int);
    insert into things select n, n, null, n, n from generate_series(1, 1000) n;
    create index things_parent on things (parent_id);
    create index things_a on things (a);
    create index things_b on things (b);
    create unique index things_ab on things (a, b);
    analyze things; set enable_seqscan = off`);
  await eventually('the scan is counted', async () => {
    await db.query(sql`select * from things where b = 1`);
    await flushStatistics(db);
    return db.maybeOne(
      sql`select 1 from pg_stat_user_indexes where indexrelname = 'things_b' and idx_scan > 0`,
    );
  });
  const young = await examine(url, 'unused-indexes');
  assert.match(expectLevel(young, 'skipped').summary, /14 days are needed to tell$/);
  const report = await examine(url, 'unused-indexes', UNUSED);
  assert.deepEqual(
    expectLevel(report, 'warn').evidence.map(({ index }) => index),
    ['public.things_a'],
  );
}

async function duplicatesFire(t: TestContext): Promise<void> {
  const { url, db } = await openDatabase(t);
  await db.script(`
    create table d (id int primary key, a int, b int, c text, e text);
    create index d_a on d (a);                          -- covered by d_ab
    create index d_ab on d (a, b);
    create index d_ab_too on d (a, b);                  -- the same as d_ab
    create index d_id on d (id);                        -- covered by the primary key
    create index d_c on d (c);                          -- alone: another operator class below
    create index d_c_like on d (c text_pattern_ops);
    create index d_c_posix on d (c collate "C");        -- another collation
    create index d_b_desc on d (b desc);                -- another order
    create index d_b on d (b);
    create index d_a_part on d (a) where b > 0;         -- other rows
    create index d_lower on d (lower(e));
    create index d_lower_too on d (lower(e));           -- the same expression
    create index d_upper on d (upper(e));
    create index d_inc on d (b, c) include (e);
    create index d_inc_less on d (b, c);                -- covered by d_inc
    create index d_hash on d using hash (a);
    create unique index d_e on d (e);
    create index d_e_plain on d (e);                    -- covered by the unique one
    create unique index d_e_b on d (e, b);              -- its uniqueness would be lost`);
  const report = expectLevel(await examine(url, 'duplicate-indexes'), 'warn');
  assert.deepEqual(report.evidence.map(({ index, coveredBy }) => `${index} < ${coveredBy}`).toSorted(), [
    'public.d_a < public.d_ab',
    'public.d_ab_too < public.d_ab',
    'public.d_b < public.d_inc',
    'public.d_e_plain < public.d_e',
    'public.d_id < public.d_pkey',
    'public.d_inc_less < public.d_inc',
    'public.d_lower_too < public.d_lower',
  ]);
}

async function mostlyNullFires(t: TestContext): Promise<void> {
  const { url, db } = await openDatabase(t);
  await db.script(`
    create table sparse (id int primary key, deleted_at timestamptz, state int, "Odd name" int);
    insert into sparse select n, case when n % 50 = 0 then now() end, n % 3, case when n % 100 = 0 then n end
      from generate_series(1, 20000) n;
    create index sparse_deleted on sparse (deleted_at);
    create index sparse_state on sparse (state);
    create index sparse_both on sparse ("Odd name", state);
    create index "sparse Odd" on sparse ("Odd name", deleted_at);
    create index sparse_partial on sparse (deleted_at) where deleted_at is not null;
    analyze sparse`);
  const limits = { minBytes: 8_192 };
  const report = expectLevel(await examine(url, 'mostly-null-index', { limits }), 'warn');
  assert.deepEqual(report.evidence.map(({ index }) => index).toSorted(), [
    'public."sparse Odd"',
    'public.sparse_deleted',
  ]);
  const [create, drop] = (report.remedy ?? '').split('\n').filter(line => !line.startsWith('-- '));
  await db.script(create ?? '');
  await db.script(drop ?? '');
  const after = expectLevel(await examine(url, 'mostly-null-index', { limits }), 'warn');
  assert.equal(after.evidence.length, 1);
}

async function foreignKeysFire(t: TestContext): Promise<void> {
  const { url, db } = await openDatabase(t);
  await db.script(`
    create table p (a int, b int, primary key (a, b), unique (a), unique (b));
    insert into p select n, n from generate_series(1, 10) n;
    create table c (id int primary key, a int constraint bare references p (a), b int constraint partial references p (b),
      x int, y int, constraint turned foreign key (x, y) references p, constraint unserved foreign key (y, x) references p,
      "B" int constraint "Quoted" references p (b));
    insert into c (id, a) select n, 1 from generate_series(1, 1500) n;
    create index on c (b) where b is not null;
    create index on c (y, x, id);
    create index on c (a) where id > 5;
    create index on c (id, "B");
    create table small (a int references p (a));
    analyze`);
  const report = expectLevel(await examine(url, 'unindexed-foreign-keys'), 'warn');
  assert.deepEqual(
    report.evidence.map(({ constraint, statement }) => [constraint, statement]),
    [
      ['Quoted', 'create index concurrently on public.c ("B");'],
      ['bare', 'create index concurrently on public.c (a);'],
    ],
  );
  assert.match(report.summary, /; 1 other on tables of fewer than 1,000 rows$/);
  for (const { statement } of report.evidence) await db.script(String(statement));
  expectLevel(await examine(url, 'unindexed-foreign-keys'), 'ok');
  expectLevel(await examine(url, 'unindexed-foreign-keys', { limits: { minRows: 0 } }), 'warn');
}

async function keylessFires(t: TestContext): Promise<void> {
  const { url, db } = await openDatabase(t);
  await db.script(`
    create table keyless (a int); create table unique_only (a int not null unique); create table keyed (a int primary key);
    create table parted (a int) partition by list (a); create table parted_1 partition of parted for values in (1);
    create temporary table fleeting (a int); create view a_view as select 1 as a`);
  const report = expectLevel(await examine(url, 'no-primary-key'), 'warn');
  assert.deepEqual(
    report.evidence.map(({ table, hasUniqueIndex }) => [table, hasUniqueIndex]),
    [
      ['public.keyless', false],
      ['public.parted', false],
      ['public.unique_only', true],
    ],
  );
}

export const INDEXES_CASES: readonly HealthCase[] = [
  { number: 27, fires: invalidFires, quiet: invalidQuiet },
  {
    number: 28,
    fires: unusedFires,
    quiet: quietOnHoldfast('unused-indexes', { limits: { minStatisticsDays: 0 } }),
  },
  { number: 29, fires: duplicatesFire, quiet: quietOnHoldfast('duplicate-indexes') },
  { number: 30, fires: mostlyNullFires, quiet: quietOnHoldfast('mostly-null-index') },
  { number: 31, fires: foreignKeysFire, quiet: quietOnHoldfast('unindexed-foreign-keys') },
  { number: 32, fires: keylessFires, quiet: quietOnHoldfast('no-primary-key') },
];
