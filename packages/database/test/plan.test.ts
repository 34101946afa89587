import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { lintMigrations, readLintSources } from '@holdfast/database/lint';
import { readMigrations } from '@holdfast/database/migrate';
import { type MigrationPlan, type PlanOptions, planMigrations } from '@holdfast/database/plan';
import { readCatalog, sql } from '@holdfast/postgres';
import { createProject, failure, migration, type Project, stepwise, tables } from './fixtures.ts';

const BASE = {
  '0001_base.sql': migration(`
    create table parents (id bigint primary key, name text);
    create table children (id bigint primary key, parent_id bigint, size integer);
    insert into parents select number, 'p' from generate_series(1, 500) as number;
    insert into children select number, number, 1 from generate_series(1, 500) as number;
  `),
};

async function plan(project: Project, options: Partial<PlanOptions> = {}): Promise<MigrationPlan> {
  const migrations = await readMigrations(project.dir);
  return planMigrations({ connection: project.owner, migrations, ...options });
}

/** A database where 0001 is applied and these are pending. */
async function withPending(t: TestContext, files: Readonly<Record<string, string>>): Promise<Project> {
  const project = await createProject(t, BASE);
  await project.up();
  await project.owner.script('analyze');
  await project.write(files);
  return project;
}

function outcomes({ migrations }: MigrationPlan): string[] {
  return migrations.flatMap(({ statements }) => statements.map(({ outcome }) => outcome.kind));
}

describe('plan', () => {
  it('tells locks, work and sizes of each statement, only what it added', async t => {
    const project = await withPending(t, {
      '0002_change.sql': migration(`
        alter table children add column note text;
        alter table children alter column size type bigint;
        create index children_parent on children (parent_id);
        select count(*) from parents;
      `),
    });
    const { migrations, complete, version } = await plan(project);
    assert.deepEqual([complete, version], [true, '0001']);
    const [add, retype, index, count] = migrations[0]?.statements ?? [];
    const children = 'public.children';
    assert.deepEqual(add?.locks, [
      { relation: children, mode: 'ACCESS EXCLUSIVE', blocks: 'reads and writes' },
    ]);
    assert.deepEqual([add?.rewritten, add?.scanned, add?.built], [[], [], []]);
    const [table] = add?.tables ?? [];
    assert.deepEqual([table?.relation, table?.rows], [children, 500]);
    assert.ok((table?.bytes ?? 0) >= 8192);
    assert.deepEqual([retype?.locks, retype?.rewritten], [[], [children]]);
    assert.deepEqual([index?.locks, index?.rewritten, index?.scanned], [[], [], [children]]);
    assert.deepEqual(index?.built, [{ index: 'public.children_parent', table: children }]);
    assert.deepEqual([count?.locks, count?.scanned, count?.line], [[], ['public.parents'], 6]);
    assert.ok((retype?.durationMs ?? -1) >= 0);
  });

  it('names both tables of a foreign key and whom that keeps waiting', async t => {
    const project = await withPending(t, {
      '0002_key.sql': migration(
        'alter table children add constraint parent foreign key (parent_id) references parents not valid;',
      ),
    });
    const { migrations } = await plan(project);
    assert.deepEqual(
      migrations[0]?.statements[0]?.locks.toSorted((a, b) => a.relation.localeCompare(b.relation)),
      ['public.children', 'public.parents'].map(relation => ({
        relation,
        mode: 'SHARE ROW EXCLUSIVE',
        blocks: 'writes',
      })),
    );
  });

  it('leaves nothing behind, not even the ledger', async t => {
    const project = await createProject(t, {
      ...BASE,
      '0002_more.sql': migration('drop table parents cascade; create schema extra;'),
    });
    const before = await readCatalog(project.owner, { schemas: ['public'] });
    const { complete, version, migrations } = await plan(project);
    assert.deepEqual([complete, version, migrations.length], [true, undefined, 2]);
    assert.deepEqual(await readCatalog(project.owner, { schemas: ['public'] }), before);
    assert.deepEqual(await tables(project.owner), []);
    const schemas = await project.owner.many(sql<{ name: string }>`
      select nspname as name from pg_namespace where nspname in ('holdfast_ledger', 'extra')
    `);
    assert.deepEqual(schemas, []);
    assert.deepEqual(await project.states(), { '0001': 'pending', '0002': 'pending' });
  });

  it('counts what the pending migrations create themselves as nobody else’s', async t => {
    const project = await withPending(t, {
      '0002_table.sql': migration('create table fresh (id bigint); insert into fresh values (1);'),
      '0003_index.sql': migration(
        'create index on fresh (id); alter table fresh add column x int default random();',
      ),
    });
    const { migrations } = await plan(project);
    const all = migrations.flatMap(({ statements }) => statements);
    assert.deepEqual(
      all.map(({ locks, rewritten, built }) => [locks, rewritten, built]),
      all.map(() => [[], [], []]),
    );
  });

  it('predicts what cannot run in a transaction, and goes on', async t => {
    const project = await withPending(t, {
      '0002_index.sql': stepwise(
        'create index concurrently later on children (size);\nvacuum (full) children;',
      ),
      '0003_column.sql': migration('alter table parents add column x int;'),
    });
    const result = await plan(project);
    assert.deepEqual(outcomes(result), ['predicted', 'predicted', 'run']);
    assert.equal(result.complete, true);
    const [index, vacuum] = result.migrations[0]?.statements ?? [];
    assert.deepEqual(index?.locks, [
      { relation: 'children', mode: 'SHARE UPDATE EXCLUSIVE', blocks: 'schema changes' },
    ]);
    assert.ok(vacuum?.outcome.kind === 'predicted' && /ACCESS EXCLUSIVE/.test(vacuum.outcome.reason));
  });

  it('tries what needs a concurrent index that is small, and says so of a large one', async t => {
    const project = await withPending(t, {
      '0002_index.sql': stepwise(`
        create unique index concurrently children_parent on children (parent_id);
        alter table children add constraint children_parent_key unique using index children_parent;
      `),
    });
    const small = await plan(project);
    assert.deepEqual(outcomes(small), ['predicted', 'run']);
    assert.deepEqual(small.migrations[0]?.statements[1]?.built, []);
    await project.owner.script(`
      alter table parents alter column name set storage plain;
      insert into parents select number, repeat('x', 1800) from generate_series(1000, 7000) as number;
    `);
    await project.write({
      '0002_index.sql': stepwise(`
        create unique index concurrently parents_name on parents (name);
        alter table parents add constraint parents_name_key unique using index parents_name;
        select 1;
      `),
    });
    const large = await plan(project);
    assert.deepEqual(outcomes(large), ['predicted', 'predicted', 'not_run']);
    assert.equal(large.complete, false);
    await project.write({
      '0002_index.sql': stepwise('create unique index concurrently children_size on children (size);'),
    });
    const impossible = await plan(project);
    assert.deepEqual(outcomes(impossible), ['failed']);
  });

  it('says which statement fails and tries nothing after it', async t => {
    const project = await withPending(t, {
      '0002_wrong.sql': migration(
        'alter table children add column x int;\nalter table nowhere add column y int;',
      ),
      '0003_next.sql': migration('select 1;'),
    });
    const result = await plan(project);
    assert.deepEqual(outcomes(result), ['run', 'failed', 'not_run']);
    assert.equal(result.complete, false);
    const failed = result.migrations[0]?.statements[1]?.outcome;
    assert.ok(failed?.kind === 'failed' && failed.sqlState === '42P01');
  });

  it('finds what only the commit would refuse', async t => {
    const project = await withPending(t, {
      '0002_key.sql': migration(`
        create table nodes (id int primary key, next int references nodes deferrable initially deferred);
        insert into nodes values (1, 2);
      `),
    });
    const result = await plan(project);
    assert.deepEqual(outcomes(result), ['run', 'failed']);
  });

  it('knows that an enum value is committed before the next migration uses it', async t => {
    const project = await withPending(t, {
      '0002_enum.sql': migration("create type mood as enum ('calm');"),
    });
    await project.up();
    await project.write({
      '0003_value.sql': migration("alter type mood add value 'glad';"),
      '0004_use.sql': migration("select 'glad'::mood;"),
    });
    assert.deepEqual(outcomes(await plan(project)), ['run', 'predicted']);
  });

  it('stops a statement that takes too long', async t => {
    const project = await withPending(t, {
      '0002_slow.sql': migration('set local statement_timeout = 0;\nselect pg_sleep(30);\nselect 1;'),
    });
    const result = await plan(project, { statementLimitMs: 100 });
    assert.deepEqual(outcomes(result), ['run', 'too_long', 'not_run']);
  });

  it('lets others through while a table is in use, and gives up in time', async t => {
    const project = await withPending(t, {
      '0002_column.sql': migration('set local lock_timeout = 0;\nalter table children add column x int;'),
    });
    const other = await project.open();
    await other.script('begin; select 1 from children limit 1');
    const retries: number[] = [];
    const options: Partial<PlanOptions> = {
      ddlLockTimeoutMs: 50,
      onProgress: progress => {
        if (progress.kind === 'lock_retry') retries.push(progress.attempt);
      },
    };
    const error = await failure(plan(project, { ...options, ddlLockWaitMs: 300 }), 'lock_timeout');
    assert.match(error.message, /In the way: pid/);
    assert.ok(retries.length >= 1);
    await other.script('rollback');
    assert.deepEqual(outcomes(await plan(project, options)), ['run', 'run']);
  });

  it('puts what lint says beside the statement it is about', async t => {
    const project = await withPending(t, {
      '0002_two.sql': migration(
        'select 1; alter table children drop column size;\nalter table parents rename to people;',
      ),
    });
    const { findings } = await lintMigrations(await readLintSources(project.dir));
    const { migrations } = await plan(project, { findings });
    const rules = migrations[0]?.statements.map(statement => statement.findings.map(({ rule }) => rule));
    assert.deepEqual(rules, [[], ['drop-column'], ['rename-table']]);
  });

  it('ends where it is told to', async t => {
    const project = await withPending(t, {
      '0002_a.sql': migration('select 1;'),
      '0003_b.sql': migration('select 2;'),
    });
    const { migrations } = await plan(project, { to: '2' });
    assert.deepEqual(
      migrations.map(({ version }) => version),
      ['0002'],
    );
    await failure(plan(project, { to: '7' }), 'usage');
  });

  it('plans what is left of a migration that stopped half-way', async t => {
    const project = await withPending(t, {
      '0002_half.sql': stepwise('create table first (id int);\nselect 1 / 0;'),
    });
    await failure(project.up(), 'migration_failed');
    await project.write({
      '0002_half.sql': stepwise('create table first (id int);\ncreate table second (id int);'),
    });
    const { migrations, complete } = await plan(project);
    assert.deepEqual(
      migrations[0]?.statements.map(({ statement }) => statement),
      [2],
    );
    assert.equal(complete, true);
  });

  it('refuses files that contradict the ledger', async t => {
    const project = await withPending(t, {});
    await project.write({ '0001_base.sql': migration('select 1;') });
    await failure(plan(project), 'migration_tampered');
  });
});
