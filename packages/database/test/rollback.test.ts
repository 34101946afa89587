import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import type { DataLoss } from '@holdfast/database/migrate';
import { sql } from '@holdfast/postgres';
import { column, createProject, failure, migration, stepwise, tables, waitsForLock } from './fixtures.ts';
import { startRunner } from './runner-process.ts';

/** Runs a script in a process of its own, and returns when it is committed. */
function runElsewhere(url: string, script: string): void {
  const program = `import { connect } from '@holdfast/postgres';
    const connection = await connect({ url: process.argv[1] });
    await connection.script(process.argv[2]);
    await connection.close();`;
  const args = ['--conditions=holdfast-source', '--input-type=module', '-e', program, url, script];
  execFileSync(process.execPath, args, { cwd: import.meta.dirname });
}

describe('migrateDown', { timeout: 120_000 }, () => {
  it('names every table, column and row that would be lost, and does nothing', async t => {
    const project = await createProject(t, {
      '0001_a.sql': migration('create table a (b int, c text, d bigint); create table e (f int);'),
      '0002_b.sql': migration(
        'alter table a rename to renamed; create table "T x" (y int);',
        'drop table "T x"; alter table renamed rename to a;',
      ),
      '0003_c.sql': migration('select 1;', 'alter table renamed drop column c, alter d type int;'),
      '0004_d.sql': migration('select 1;', 'delete from renamed where b = 1;'),
      '0005_e.sql': migration('select 1;', 'truncate e;'),
    });
    await project.up();
    await project.owner.script(`
      insert into renamed values (1, 'x', 1), (2, null, 2), (3, 'z', null); insert into "T x" values (1);
      insert into e values (1), (2);
    `);
    const before = await project.status();
    const error = await failure(project.down('1'), 'data_loss_refused');
    assert.deepEqual(error.details?.loss, {
      tables: [{ table: 'public."T x"', rows: 1 }],
      columns: [
        { table: 'public.renamed', column: 'c', values: 1, change: 'dropped' },
        { table: 'public.renamed', column: 'd', values: 1, change: 'retyped' },
      ],
      rows: [
        { table: 'public.e', rows: 2 },
        { table: 'public.renamed', rows: 1 },
      ],
      overwritten: [],
      untried: [],
    });
    assert.match(
      error.message,
      /^Rolling back would\n- drop the table public\."T x" with 1 row\n- drop the column/,
    );
    assert.match(error.message, /- delete 2 rows of public\.e\n/);
    assert.deepEqual(await project.status(), before);
    assert.deepEqual(await column(project.owner, sql`select count(*) from renamed`), [3]);

    const run = await project.down('1', { acceptDataLoss: true });
    assert.deepEqual(
      [run.reverted.map(({ version }) => version), run.version],
      [['0005', '0004', '0003', '0002'], '0001'],
    );
    assert.deepEqual(await tables(project.owner), ['a', 'e']);
    assert.equal((await project.states())['0002'], 'pending');
  });

  it('names whose values would be others, however that comes', async t => {
    const ways = {
      'update "A b" set c = 0;': { columns: ['c'], rows: 2 },
      'update "A b" set c = 7 - c;': { columns: ['c'], rows: 2 },
      'update "A b" set c = 3 - c;': { columns: [], rows: 2 },
      'merge into "A b" t using (values (1)) v (i) on t.id = v.i when matched then update set "Select" = null;':
        {
          columns: ['"Select"'],
          rows: 1,
        },
      'insert into "A b" values (1, 9) on conflict (id) do update set c = excluded.c;': {
        columns: ['c'],
        rows: 1,
      },
      'do $$ begin execute \'update "A b" set c = 5 where id = 2\'; end $$;': { columns: ['c'], rows: 1 },
      'alter table "A b" rename c to d; alter table "A b" add e int; update "A b" set e = 1, d = 4 where id = 1;':
        {
          columns: ['c'],
          rows: 1,
        },
    };
    const table = 'create table "A b" (id int primary key, c int, "Select" text);';
    for (const [index, [down, expected]] of Object.entries(ways).entries()) {
      const one = await createProject(t, {
        '0001_a.sql': migration(table),
        '0002_b.sql': migration('select 1;', down),
      });
      await one.up();
      await one.owner.script(`insert into "A b" values (1, 1, 'x'), (2, 2, 'y')`);
      const error = await failure(one.down('1'), 'data_loss_refused');
      const loss = error.details?.loss as DataLoss;
      assert.deepEqual(loss.overwritten, [{ table: 'public."A b"', ...expected }], down);
      if (index === 0) {
        assert.match(
          error.message,
          /\n- overwrite values of public\."A b" \(c\) in up to 2 rows\nNothing was done\. Take a backup; then --accept-data-loss/,
        );
      }
      await one.down('1', { acceptDataLoss: true });
    }
  });

  it('takes filling what the rollback adds for no loss', async t => {
    const project = await createProject(t, {
      '0001_a.sql': migration('create table a (id int primary key, first text, last text);'),
      '0002_b.sql': migration(
        'select 1;',
        "alter table a add name text; update a set name = first || ' ' || last, first = first;",
      ),
    });
    await project.up();
    await project.owner.script("insert into a values (1, 'Ada', 'Lovelace')");
    await project.down('1');
    assert.deepEqual(await column(project.owner, sql`select name from a`), ['Ada Lovelace']);
  });

  it('does not ask when nothing is lost', async t => {
    const project = await createProject(t, {
      '0001_a.sql': migration('create table a (b int, c int);', 'drop table a;'),
      '0002_b.sql': migration('create table b ();', 'alter table a drop column c; drop table b;'),
    });
    await project.up();
    await project.owner.script('insert into a (b) values (1)');
    await project.down('1');
    assert.deepEqual(await tables(project.owner), ['a']);
    assert.deepEqual((await project.down('0001')).reverted, []);
    assert.deepEqual(
      await column(project.owner, sql`select version from holdfast_ledger.catalog_snapshots order by 1`),
      ['0001'],
    );
  });

  it('counts again what arrived after the trial', async t => {
    const project = await createProject(t, {
      '0001_a.sql': migration('create table a (b int);', 'drop table a;'),
      '0002_b.sql': migration('create table b (c int);', 'drop table b;'),
    });
    await project.up();
    let arrived = false;
    const error = await failure(
      project.down('0', {
        onProgress: ({ kind }) => {
          if (kind !== 'migration_started' || arrived) return;
          arrived = true;
          runElsewhere(project.db.ownerUrl, 'insert into a values (1)');
        },
      }),
      'data_loss_refused',
    );
    assert.match(error.message, /drop the table public\.a with 1 row/);
    assert.deepEqual(await tables(project.owner), ['a']);
    assert.deepEqual(await project.states(), { '0001': 'applied', '0002': 'pending' });
  });

  it('refuses before it begins when a down section is missing or the version is unknown', async t => {
    const project = await createProject(t, {
      '0001_a.sql': '-- migrate:up\ncreate table a ();\n',
      '0002_b.sql': migration('create table b ();', 'drop table b;'),
    });
    await project.up();
    const missing = await failure(project.down('0'), 'sql_file_invalid');
    assert.match(missing.message, /^0001_a\.sql has no down section/);
    const unknown = await failure(project.down('7'), 'usage');
    assert.match(unknown.message, /no migration with the version 7; there are 0 \(before all\), 0001, 0002/);
    assert.deepEqual(await tables(project.owner), ['a', 'b']);
    await project.down('1');
    assert.deepEqual(await tables(project.owner), ['a']);
  });

  it('leaves a migration applied when its down section fails', async t => {
    const project = await createProject(t, {
      '0001_a.sql': migration('create table a ();', 'drop table a;\ndrop table wrong;'),
    });
    await project.up();
    const trial = await failure(project.down('0'), 'migration_failed');
    assert.match(trial.message, /statement 2, line 5, .*"wrong" does not exist.*This was a trial; nothing/);
    const real = await failure(project.down('0', { acceptDataLoss: true }), 'migration_failed');
    assert.match(real.message, /It stays applied as it is; nothing of the rollback took effect/);
    assert.deepEqual(await tables(project.owner), ['a']);
    assert.equal((await project.status()).upToDate, true);
  });

  it('asks before it runs what it cannot try', async t => {
    const project = await createProject(t, {
      '0001_a.sql': stepwise('select 1;', 'create table a ();\ncall p();\nvacuum;'),
    });
    await project.up();
    const error = await failure(project.down('0'), 'data_loss_refused');
    assert.match(error.message, /cannot be tried beforehand: 0001_a\.sql, line 5: call p\(\)\n/);
    assert.deepEqual(await tables(project.owner), []);
  });

  it('goes on after it stopped half-way, and up is refused until then', async t => {
    const project = await createProject(t, {
      '0001_a.sql': migration('create table a (b int);', 'drop table a;'),
      '0002_b.sql': stepwise(
        'create table b (); create index concurrently i on a (b);',
        'drop index concurrently i; drop table b; select 1 / 0;',
      ),
    });
    await project.up();
    const failed = await failure(project.down('1', { acceptDataLoss: true }), 'migration_failed');
    assert.match(failed.message, /statement 3.*The statements before it are done/);
    const [, entry] = (await project.status()).entries;
    assert.ok(entry?.state === 'half_done');
    assert.deepEqual([entry.direction, entry.nextStatement], ['down', 3]);
    const up = await failure(project.up(), 'migration_half_done');
    assert.match(up.message, /0002_b\.sql was being rolled back and stopped before statement 3 of 3/);
    await failure(project.down('0'), 'migration_half_done');

    await project.write({
      '0002_b.sql': stepwise(
        'create table b (); create index concurrently i on a (b);',
        'drop index concurrently i; drop table b; select 1;',
      ),
    });
    await project.down('1');
    assert.deepEqual(await project.states(), { '0001': 'applied', '0002': 'pending' });
    await project.up();
    assert.deepEqual(await tables(project.owner), ['a', 'b']);
  });

  it('is refused while a migration is half applied', async t => {
    const project = await createProject(t, { '0001_a.sql': stepwise('create table a (); select 1 / 0;') });
    await failure(project.up(), 'migration_failed');
    const error = await failure(project.down('0'), 'migration_half_done');
    assert.match(error.message, /stopped before statement 2 of 2\. Finish it first: run migrate again/);
  });

  it('waits for a runner at work', async t => {
    const project = await createProject(t, {
      '0001_a.sql': migration('select pg_advisory_xact_lock(1);', 'select 1;'),
    });
    const blocker = await project.open();
    await blocker.query(sql`select pg_advisory_lock(1)`);
    startRunner(t, project, { ddlLockTimeoutMs: 60_000 });
    await waitsForLock(project.owner, 'pg_advisory_xact_lock');
    await failure(project.down('0', { lockWaitMs: 10 }), 'migration_busy');
    await blocker.close();
    assert.equal((await project.down('0')).reverted.length, 1);
  });
});
