import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MigrationProgress } from '@holdfast/database/migrate';
import { sql } from '@holdfast/postgres';
import { column, createProject, failure, migration, openConnection, stepwise, tables } from './fixtures.ts';

describe('a transactional migration that fails', { timeout: 120_000 }, () => {
  it('is named with statement, line and column, and leaves nothing', async t => {
    const project = await createProject(t, {
      '0001_a.sql': migration('create table a ();'),
      '0002_b.sql':
        "-- migrate:up\ncreate table b ();\n-- für später\ninsert into b\n  /* ü */ select 'ü' from\n    wrong_name;\n",
      '0003_c.sql': migration('create table c ();'),
    });
    const error = await failure(project.up(), 'migration_failed');
    assert.match(
      error.message,
      /^0002_b\.sql failed at statement 2, line 6, column 5: relation "wrong_name" does not exist \(SQLSTATE 42P01\)\. Nothing of this file was applied\. Correct it/,
    );
    assert.deepEqual(error.details, {
      file: '0002_b.sql',
      statement: 2,
      line: 6,
      column: 5,
      sqlState: '42P01',
      constraint: null,
      relation: null,
    });
    assert.deepEqual(await tables(project.owner), ['a']);
    assert.deepEqual(await project.states(), { '0001': 'applied', '0002': 'failed', '0003': 'pending' });
    const entry = (await project.status()).entries[1];
    assert.ok(entry?.state === 'failed');
    assert.deepEqual(
      [entry.failure?.sqlState, entry.failure?.statement, entry.failure?.line],
      ['42P01', 2, 6],
    );
  });

  it('may be corrected, renumbered or removed', async t => {
    const project = await createProject(t, { '0002_b.sql': migration('select 1 / 0;') });
    await failure(project.up(), 'migration_failed');
    await failure(project.up(), 'migration_failed');
    await project.write({ '0002_b.sql': migration('create table b ();') });
    assert.equal((await project.up()).applied.length, 1);

    await project.write({ '0003_c.sql': migration('select 1 / 0;') });
    await failure(project.up(), 'migration_failed');
    await project.remove('0003_c.sql');
    await project.write({ '0004_c.sql': migration('create table c ();') });
    assert.equal((await project.up()).applied.length, 1);
    assert.deepEqual(await project.states(), { '0002': 'applied', '0004': 'applied' });
    assert.deepEqual(await tables(project.owner), ['b', 'c']);
  });

  it('is named when its commit fails', async t => {
    const project = await createProject(t, {
      '0001_a.sql': migration(`
        create table a (id int primary key deferrable initially deferred);
        insert into a values (1), (1);
      `),
    });
    const error = await failure(project.up(), 'migration_failed');
    assert.match(error.message, /^0001_a\.sql failed at its commit: duplicate key.*\(SQLSTATE 23505\)/);
    assert.deepEqual(await project.states(), { '0001': 'failed' });
  });

  it('keeps no text in the ledger, which could quote data', async t => {
    const project = await createProject(t, {
      '0001_a.sql': migration("select 'secret of somebody'::int;"),
    });
    await failure(project.up(), 'migration_failed');
    const [row] = await column(
      project.owner,
      sql`select to_jsonb(migrations)::text from holdfast_ledger.migrations`,
    );
    assert.match(String(row), /22P02/);
    assert.doesNotMatch(String(row), /secret/);
  });

  it('does not hide what was applied before it from the catalog snapshot', async t => {
    const project = await createProject(t, {
      '0001_a.sql': migration('create table a ();'),
      '0002_b.sql': migration('select 1 / 0;'),
    });
    await failure(project.up(), 'migration_failed');
    assert.deepEqual(
      await column(project.owner, sql`select version from holdfast_ledger.catalog_snapshots`),
      ['0001'],
    );
  });
});

describe('a catalog snapshot that cannot be stored', { timeout: 120_000 }, () => {
  const REFUSE = `
    create function refuse() returns trigger language plpgsql as $$begin raise 'no room'; end$$;
    create trigger refuse before insert on holdfast_ledger.catalog_snapshots execute function refuse()`;
  const snapshots = sql`select version from holdfast_ledger.catalog_snapshots order by 1`;

  it('after a migration names its file, says that it is committed, and the next run makes up for it', async t => {
    const project = await createProject(t, { '0001_a.sql': migration('create table a ();') });
    await project.up();
    await project.owner.script(REFUSE);
    await project.write({ '0002_b.sql': migration('create table b ();', 'drop table b;') });
    const error = await failure(project.up(), 'migration_failed');
    assert.equal(
      error.message,
      'The catalog could not be stored as the snapshot for 0002_b.sql, whose changes are applied and committed: no room. Remove the cause and type: holdfast migrate up',
    );
    assert.deepEqual(await project.states(), { '0001': 'applied', '0002': 'applied' });
    await project.owner.script('drop function refuse cascade');
    await project.up();
    assert.deepEqual(await column(project.owner, snapshots), ['0001', '0002']);
  });

  it('before a stepwise migration says that nothing of that was run', async t => {
    const project = await createProject(t, { '0001_a.sql': migration('create table a (id int);') });
    await project.up();
    await project.owner.script(`${REFUSE}; delete from holdfast_ledger.catalog_snapshots`);
    await project.write({ '0002_b.sql': stepwise('create index concurrently i on a (id);') });
    const error = await failure(project.up(), 'migration_failed');
    assert.match(error.message, /for 0002_b\.sql, of which nothing was run: no room\./);
    assert.deepEqual(await project.states(), { '0001': 'applied', '0002': 'pending' });
  });

  it('after a rollback names its file, and a failure before stays the error', async t => {
    const project = await createProject(t, {
      '0001_a.sql': migration('create table a ();'),
      '0002_b.sql': migration('create table b ();', 'drop table b;'),
    });
    await project.up();
    await project.owner.script(REFUSE);
    const error = await failure(project.down('1'), 'migration_failed');
    assert.match(
      error.message,
      /for 0002_b\.sql, whose rollback is done and committed: no room\. Remove the cause and type: holdfast migrate up --to 0001$/,
    );
    await failure(project.up({ to: '0001' }), 'migration_failed');
    await project.write({ '0003_c.sql': migration('select 1 / 0;') });
    assert.match((await failure(project.up(), 'migration_failed')).message, /^0003_c\.sql failed/);
  });
});

describe('scripts', { timeout: 120_000 }, () => {
  it('do not leak settings or roles into the ones after them', async t => {
    const project = await createProject(t, {
      '0001_a.sql': migration("select set_config('search_path', '', false); set role holdfast_app;"),
      '0002_b.sql': migration('create table b ();'),
      '0003_c.sql': stepwise('set search_path = ledgerless; set role holdfast_app; select 1;'),
      '0004_d.sql': migration('create table d ();'),
    });
    const admin = await openConnection(t, project.db.superuserUrl);
    await admin.script('grant holdfast_app to holdfast_owner');
    await project.up();
    assert.deepEqual(
      await project.owner.many(sql`
        select relname, relowner::regrole::text as owner from pg_class
        where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1
      `),
      [
        { relname: 'b', owner: 'holdfast_owner' },
        { relname: 'd', owner: 'holdfast_owner' },
      ],
    );
  });

  it('may be nasty', async t => {
    const project = await createProject(t, {
      '0001_a.sql': migration(`
        create table a (id int, note text);
        create function f() returns int language plpgsql as $body$
        begin
          -- it's; fine
          execute $$ select 1; $$;
          return 1;
        end $body$;
        create function g() returns setof int begin atomic; select 1; select case when true then 2 end; end;
        create rule r as on insert to a do also (update a set note = ';'; update a set note = E'\\';');
        insert into a values (1, 'a;b'), (2, $x$it's; $y$ $x$) /* ; /* ; */ */;
        set standard_conforming_strings = off;
        insert into a values (3, 'it\\'s;');
      `),
      '0002_b.sql': migration("insert into a values (4, 'C:\\');"),
    });
    await project.up();
    assert.deepEqual(await column(project.owner, sql`select note from a order by id`), [
      "';",
      "';",
      "';",
      "';",
    ]);
    assert.deepEqual((await project.up({ onProgress: refuseProgress })).applied, []);
  });

  function refuseProgress(progress: MigrationProgress): void {
    assert.fail(`unexpected: ${progress.kind}`);
  }
});

describe('a stepwise migration that fails', { timeout: 120_000 }, () => {
  it('says which statement, keeps what is done, and goes on after the correction', async t => {
    const files = (third: string) => ({
      '0001_a.sql': `-- migrate:up transaction:false\ncreate table a ();\ncreate table b ();\n${third};\ncreate table d ();\n`,
    });
    const project = await createProject(t, files('create table c (x wrong_type)'));
    const error = await failure(project.up(), 'migration_failed');
    assert.match(
      error.message,
      /^0001_a\.sql failed at statement 3, line 4, column 19: .*The statements before it are done\. It left nothing behind\. Correct the file from statement 3 on/,
    );
    assert.deepEqual(await tables(project.owner), ['a', 'b']);
    const [entry] = (await project.status()).entries;
    assert.ok(entry?.state === 'half_done');
    assert.deepEqual(
      [entry.direction, entry.nextStatement, entry.statementCount, entry.inDoubt, entry.failure?.line],
      ['up', 3, 4, false, 4],
    );

    await project.write(files('create table c ()'));
    const run = await project.up();
    assert.deepEqual(
      run.applied.map(({ version, from }) => [version, from]),
      [['0001', 3]],
    );
    assert.deepEqual(await tables(project.owner), ['a', 'b', 'c', 'd']);
    assert.equal((await project.status()).upToDate, true);
  });

  it('does not go on when statements that are done were edited', async t => {
    const project = await createProject(t, { '0001_a.sql': stepwise('create table a (); select 1 / 0;') });
    await failure(project.up(), 'migration_failed');
    await project.write({ '0001_a.sql': stepwise('create table aa (); select 1;') });
    const error = await failure(project.up(), 'migration_tampered');
    assert.match(
      error.message,
      /stopped after 1 of its statements for up, and one of those was edited since/,
    );
  });

  it('is free to change when nothing of it is done', async t => {
    const project = await createProject(t, { '0001_a.sql': stepwise('select 1 / 0;') });
    await failure(project.up(), 'migration_failed');
    assert.deepEqual(await project.states(), { '0001': 'failed' });
    await project.remove('0001_a.sql');
    await project.write({ '0002_b.sql': migration('create table b ();') });
    await project.up();
    assert.deepEqual(await project.states(), { '0002': 'applied' });
  });

  it('rolls its own transaction back as one step', async t => {
    const body = (last: string) =>
      stepwise(
        `create table a (x int); begin; insert into a values (1); insert into a values (${last}); commit;`,
      );
    const project = await createProject(t, { '0001_a.sql': body("'x'") });
    await failure(project.up(), 'migration_failed');
    assert.deepEqual(await column(project.owner, sql`select x from a`), []);
    await project.write({ '0001_a.sql': body('2') });
    await project.up();
    assert.deepEqual(await column(project.owner, sql`select x from a order by 1`), [1, 2]);
  });

  it('sets its settings again when it goes on', async t => {
    const body = (last: string) =>
      stepwise(`create schema s; set search_path = s; create table a (); ${last}; create table b ();`);
    const project = await createProject(t, { '0001_a.sql': body('select 1 / 0') });
    await failure(project.up(), 'migration_failed');
    await project.write({ '0001_a.sql': body('select 1') });
    await project.up();
    const names = sql`select relname from pg_class where relnamespace = 's'::regnamespace order by 1`;
    assert.deepEqual(await column(project.owner, names), ['a', 'b']);
  });

  it('with procedures that commit asks for a decision, and takes it', async t => {
    const body = stepwise(`
      create table a (x int);
      do $$ begin insert into a values (1); commit; perform 1 / 0; end $$;
      insert into a values (2);
    `);
    const project = await createProject(t, { '0001_a.sql': body });
    const error = await failure(project.up(), 'migration_failed');
    assert.match(error.message, /Statement 2 may have taken effect in part/);
    const refused = await failure(project.up(), 'migration_half_done');
    assert.match(
      refused.message,
      /stopped during statement 2 of 3, line 4 \(do \$\$.*resume at 0001:2 .* 0001:3 /,
    );
    assert.deepEqual(refused.details?.resumeAt, ['0001:2', '0001:3']);
    await failure(project.up({ resumeAt: { version: '0001', statement: 1 } }), 'usage');
    await failure(project.up({ resumeAt: { version: '0002', statement: 3 } }), 'usage');
    await project.up({ resumeAt: { version: '1', statement: 3 } });
    assert.deepEqual(await column(project.owner, sql`select x from a order by 1`), [1, 2]);
    await failure(project.up({ resumeAt: { version: '1', statement: 3 } }), 'usage');
  });
});

describe('migrateUp', { timeout: 120_000 }, () => {
  it('stops at the version it is told', async t => {
    const project = await createProject(t, {
      '0001_a.sql': migration('create table a ();'),
      '0002_b.sql': migration('create table b ();'),
    });
    assert.equal((await project.up({ to: '1' })).version, '0001');
    assert.deepEqual(await project.states(), { '0001': 'applied', '0002': 'pending' });
    await failure(project.up({ to: '3' }), 'usage');
    assert.equal((await project.up({ to: '1' })).version, '0001');
    assert.equal((await project.up()).version, '0002');
  });

  it('says what a role lacks', async t => {
    const project = await createProject(t, { '0001_a.sql': migration('create table a ();') });
    const app = await openConnection(t, project.db.url);
    const error = await failure(project.up({ connection: app }), 'migration_failed');
    assert.match(
      error.message,
      /The role holdfast_app may not create the schema holdfast_ledger.*grant create on/,
    );
  });

  it('reads the status of a database that was never migrated', async t => {
    const project = await createProject(t, { '0001_a.sql': migration('create table a ();') });
    const status = await project.status();
    assert.deepEqual([status.ledger, status.upToDate, status.counts.pending], [false, false, 1]);
  });
});
