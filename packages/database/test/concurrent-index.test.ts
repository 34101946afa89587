import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { MigrationProgress } from '@holdfast/database/migrate';
import { sql } from '@holdfast/postgres';
import {
  column,
  createProject,
  failure,
  migration,
  type Project,
  stepwise,
  waitsForLock,
} from './fixtures.ts';

/** A table of which one row too many is left, so that a unique index fails; then the index. */
async function withTable(t: TestContext, index: string, before = ''): Promise<Project> {
  const project = await createProject(t, {
    '0001_a.sql': migration(
      `create table a (b int, c text); insert into a values (1, 'x'), (1, 'y'); ${before}`,
    ),
  });
  await project.up();
  await project.write({ '0002_i.sql': stepwise(index) });
  return project;
}

async function report(project: Project): Promise<string[]> {
  const kinds: string[] = [];
  await project.up({ onProgress: (progress: MigrationProgress) => kinds.push(progress.kind) });
  return kinds.filter(kind => !kind.startsWith('migration_'));
}

/** name, definition after the table, validity. */
function indexes(project: Project): Promise<unknown[]> {
  return column(
    project.owner,
    sql`
      select concat_ws(' ', indexrelid::regclass, substring(pg_get_indexdef(indexrelid) from 'USING.*'), indisvalid)
      from pg_index where indrelid = 'a'::regclass order by 1
    `,
  );
}

describe('create index concurrently', { timeout: 120_000 }, () => {
  it('that failed is dropped and built anew by the next run', async t => {
    const project = await withTable(t, 'create unique index concurrently i on a (b);');
    const error = await failure(project.up(), 'migration_failed');
    assert.match(
      error.message,
      /could not create unique index "i" \(SQLSTATE 23505\).*An invalid index may be left/,
    );
    assert.deepEqual(await indexes(project), ['i USING btree (b) f']);
    await failure(project.up(), 'migration_failed');
    await project.owner.query(sql`delete from a where c = 'y'`);
    assert.deepEqual(await report(project), ['statement_started', 'index_dropped']);
    assert.deepEqual(await indexes(project), ['i USING btree (b) t']);
  });

  it('with IF NOT EXISTS does not pass a leftover for success', async t => {
    const project = await withTable(t, 'create unique index concurrently if not exists i on a (b);');
    await failure(project.up(), 'migration_failed');
    await failure(project.up(), 'migration_failed');
    assert.equal((await project.states())['0002'], 'half_done');
    await project.owner.query(sql`delete from a where c = 'y'`);
    await project.up();
    assert.deepEqual(await indexes(project), ['i USING btree (b) t']);
  });

  it('with IF NOT EXISTS takes the same index, however it is written', async t => {
    const project = await withTable(
      t,
      'create index concurrently if not exists "I x" on only public.a using btree (lower(c) desc nulls first, b) where (b > 0);',
      'create index "I x" on a (lower(c) desc, b) where b > 0;',
    );
    assert.deepEqual(await report(project), ['statement_started', 'statement_skipped']);
    assert.equal((await indexes(project)).length, 1);
  });

  for (const [what, existing] of [
    ['columns', 'create index i on a (c);'],
    ['a predicate', 'create index i on a (b) where b > 0;'],
    ['uniqueness', "delete from a where c = 'y'; create unique index i on a (b);"],
  ] as const) {
    it(`with IF NOT EXISTS refuses an index of other ${what}`, async t => {
      const project = await withTable(t, 'create index concurrently if not exists i on a (b);', existing);
      const error = await failure(project.up(), 'migration_failed');
      assert.match(error.message, /line 2, column 1: an index public\.i exists with another definition/);
    });
  }

  it('with IF NOT EXISTS refuses a table of that name', async t => {
    const project = await withTable(
      t,
      'create index concurrently if not exists i on a (b);',
      'create table i ();',
    );
    const error = await failure(project.up(), 'migration_failed');
    assert.match(error.message, /the name i belongs to something that is no index of a/);
  });

  it('without IF NOT EXISTS fails as ever when the index exists', async t => {
    const project = await withTable(t, 'create index concurrently i on a (b);', 'create index i on a (b);');
    const error = await failure(project.up(), 'migration_failed');
    assert.equal(error.details?.sqlState, '42P07');
  });

  it('without a name is known by its definition', async t => {
    const project = await withTable(t, 'create unique index concurrently on a (b);');
    await failure(project.up(), 'migration_failed');
    await failure(project.up(), 'migration_failed');
    assert.deepEqual(await indexes(project), ['a_b_idx USING btree (b) f']);
    await project.owner.query(sql`delete from a where c = 'y'`);
    await project.up();
    assert.deepEqual(await indexes(project), ['a_b_idx USING btree (b) t']);
  });

  it('of a column that is not there says so at its place', async t => {
    const project = await withTable(t, 'select 1;\ncreate index concurrently i on a (b, wrong);');
    const error = await failure(project.up(), 'migration_failed');
    assert.match(error.message, /statement 2, line 3, column \d+: column "wrong" does not exist/);
  });

  it('of another session is not dropped under its hands', async t => {
    const project = await withTable(t, 'create index concurrently i on a (b);');
    const staller = await project.open();
    await staller.script("begin; insert into a values (3, 'z')");
    const other = await project.open();
    const build = other.script('create index concurrently i on a (b)');
    await waitsForLock(project.owner, 'create index concurrently');
    const error = await failure(project.up(), 'migration_failed');
    assert.match(error.message, new RegExp(`is being built by another session, pid ${other.processId}`));
    await staller.script('commit');
    await build;
    assert.deepEqual(await indexes(project), ['i USING btree (b) t']);
  });
});

describe('create index if not exists, in a transaction', { timeout: 120_000 }, () => {
  it('does not take a leftover or another index for its own', async t => {
    const project = await withTable(t, 'create unique index concurrently i on a (b);');
    await failure(project.up(), 'migration_failed');
    await project.write({ '0002_i.sql': migration('create index if not exists i on a (b);') });
    await project.owner.query(sql`delete from holdfast_ledger.migrations where version = '0002'`);
    const invalid = await failure(project.up(), 'migration_failed');
    assert.match(invalid.message, /the index public\.i is invalid.*drop index concurrently public\.i/);
    await project.owner.script('drop index i; create index i on a (c)');
    const other = await failure(project.up(), 'migration_failed');
    assert.match(other.message, /another definition \(USING btree \(c\) instead of USING btree \(b\)\)/);
    await project.owner.script('drop index i; create index i on a (b)');
    await project.up();
    assert.equal((await project.status()).upToDate, true);
  });
});

describe('create index if not exists, on other kinds of tables', { timeout: 120_000 }, () => {
  it('takes the same index again', async t => {
    const indexes = `
      create index if not exists i on p (b) where b > 0;
      create unique index if not exists j on only s.p (c, b);
      create index if not exists k on m (b);
    `;
    const project = await createProject(t, {
      '0001_a.sql': migration(`
        create schema s;
        create table p (b int, c text) partition by range (b);
        create table s.p (b int, c text) partition by range (b);
        create table p1 partition of p for values from (1) to (9);
        create materialized view m as select 1 as b;
        ${indexes}
      `),
      '0002_b.sql': migration(indexes),
    });
    await project.up();
    await project.write({ '0003_c.sql': migration('create index if not exists i on p (c);') });
    assert.match((await failure(project.up(), 'migration_failed')).message, /another definition/);
  });
});

describe('other statements that refuse a transaction', { timeout: 120_000 }, () => {
  it('are run, and those that stopped are run again', async t => {
    const project = await createProject(t, {
      '0001_a.sql': stepwise(
        `create table a (b int); create index i on a (b); vacuum a; reindex index concurrently i;
         drop index concurrently i; create index concurrently j on a (b);`,
        'drop index concurrently if exists j; drop table a;',
      ),
    });
    await project.up();
    assert.deepEqual(await indexes(project), ['j USING btree (b) t']);
    await project.down('0');
    assert.deepEqual(await project.states(), { '0001': 'pending' });
  });
});
