import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { readMigrations } from '@holdfast/database/migrate';
import { sql } from '@holdfast/postgres';
import { column, createProject, failure, migration, stepwise, tables } from './fixtures.ts';
import { naivePending, naiveUp, outcome } from './naive-runner.ts';

const types = sql`select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'a'::regclass and attname = 'b'`;

describe('traps of files', { timeout: 120_000 }, () => {
  it('trap: a file that is edited after it was applied', async t => {
    const before = { '0001_a.sql': migration('create table a (b int);') };
    const after = { '0001_a.sql': migration('create table a (b bigint);') };
    const [old, fresh] = [await createProject(t, before), await createProject(t, after)];
    await naiveUp(old.owner, before);
    await naiveUp(old.owner, after);
    await naiveUp(fresh.owner, after);
    assert.deepEqual(
      [await column(old.owner, types), await column(fresh.owner, types)],
      [['integer'], ['bigint']],
      'production and a new developer have different schemas, and nobody is told',
    );

    const ours = await createProject(t, before);
    await ours.up();
    await ours.write(after);
    assert.match((await failure(ours.up(), 'migration_tampered')).message, /0001_a\.sql was edited after/);
  });

  it('trap: a file that comes after later ones were applied', async t => {
    const files = {
      '0001_a.sql': migration('create table a (b int); insert into a values (1);'),
      '0003_c.sql': migration('update a set b = b * 10;'),
    };
    const late = { ...files, '0002_b.sql': migration('update a set b = b + 1;') };
    const [old, fresh] = [await createProject(t, {}), await createProject(t, {})];
    await naiveUp(old.owner, files);
    await naiveUp(old.owner, late);
    await naiveUp(fresh.owner, late);
    const rows = sql`select b from a`;
    assert.deepEqual(
      [await column(old.owner, rows), await column(fresh.owner, rows)],
      [[11], [20]],
      'order matters',
    );

    const ours = await createProject(t, files);
    await ours.up();
    await ours.write({ '0002_b.sql': late['0002_b.sql'] });
    assert.match(
      (await failure(ours.up(), 'migration_tampered')).message,
      /0002_b\.sql is new but comes before 0003/,
    );
    assert.deepEqual(await column(ours.owner, rows), [10]);
  });

  it('trap: versions sorted as text', async t => {
    const files = {
      '9_a.sql': migration('create table a ();'),
      '10_b.sql': migration('alter table a add b int;'),
    };
    const naive = await createProject(t, {});
    assert.equal(await outcome(naiveUp(naive.owner, files)), '42P01', 'ten comes before nine');
    const ours = await createProject(t, files);
    await ours.up();
    assert.deepEqual(await column(ours.owner, types), ['integer']);
  });

  it('trap: statements split at semicolons', async t => {
    const up = `
      create function f() returns text language plpgsql as $body$ begin return 'a;b'; end; $body$;
      create table a (b text default 'x; -- not a comment');
      insert into a values ('it''s; /* fine */'), (f());`;
    const files = { '0001_a.sql': stepwise(up) };
    const naive = await createProject(t, {});
    assert.equal(await outcome(naiveUp(naive.owner, files)), '42601');
    const ours = await createProject(t, files);
    await ours.up();
    assert.deepEqual(await column(ours.owner, sql`select b from a order by 1`), ['a;b', "it's; /* fine */"]);
  });

  it('trap: a whole file sent at once is one transaction', async t => {
    const up = 'create table a (b int); create index concurrently i on a (b);';
    const naive = await createProject(t, {});
    assert.equal(await outcome(naive.owner.script(up)), '25001', 'although no transaction was begun');
    assert.deepEqual(await tables(naive.owner), []);
    const ours = await createProject(t, { '0001_a.sql': stepwise(up) });
    await ours.up();
    assert.deepEqual(await tables(ours.owner), ['a']);
  });

  it('trap: another line ending is another file', async t => {
    const content = migration('create table a ();');
    const windows = `\uFEFF${content.replaceAll('\n', '\r\n')}`;
    const naive = (text: string): string => createHash('sha256').update(text).digest('hex');
    assert.notEqual(naive(content), naive(windows), 'a checkout on Windows looks edited');
    const ours = await createProject(t, { '0001_a.sql': content });
    await ours.up();
    await ours.write({ '0001_a.sql': windows });
    await ours.up();
    assert.deepEqual(await ours.states(), { '0001': 'applied' });
  });

  it('trap: an enum value that is used where it was added', async t => {
    const up = "alter type kind add value 'b'; insert into a values ('b');";
    const first = { '0001_a.sql': migration("create type kind as enum ('a'); create table a (b kind);") };
    const naive = await createProject(t, {});
    await naiveUp(naive.owner, first);
    assert.equal(await outcome(naiveUp(naive.owner, { ...first, '0002_b.sql': migration(up) })), '55P04');
    const ours = await createProject(t, { ...first, '0002_b.sql': stepwise(up) });
    await ours.up();
    assert.deepEqual(await column(ours.owner, sql`select b from a`), ['b']);
  });

  it('trap: a way down that drops what nobody thought of', async t => {
    const files = { '0001_a.sql': migration('create table a (b int);', 'drop table a;') };
    const naive = await createProject(t, {});
    await naiveUp(naive.owner, files);
    await naive.owner.script('insert into a values (1)');
    await naive.owner.script("drop table a; delete from naive_ledger where version = '0001_a.sql'");
    assert.deepEqual(
      [await tables(naive.owner), await naivePending(naive.owner, files)],
      [['naive_ledger'], ['0001_a.sql']],
    );

    const ours = await createProject(t, files);
    await ours.up();
    await ours.owner.script('insert into a values (1)');
    const error = await failure(ours.down('0'), 'data_loss_refused');
    assert.match(error.message, /drop the table public\.a with 1 row/);
    assert.deepEqual(await column(ours.owner, sql`select b from a`), [1]);
  });

  it('trap: the table of another tool', async t => {
    const files = {
      '0001_a.sql': migration('create table a (b int); insert into a values (1);'),
      '0002_b.sql': stepwise('insert into a values (2);'),
    };
    const dbmate =
      "create table schema_migrations (version varchar(128) primary key); insert into schema_migrations values ('0001'), ('0002')";
    const applied = 'create table a (b int); insert into a values (1), (2);';
    const naive = await createProject(t, {});
    await naive.owner.script(`${applied} ${dbmate}`);
    assert.equal(await outcome(naiveUp(naive.owner, files)), '42P07', 'everything is run again');

    const ours = await createProject(t, files);
    await ours.owner.script(`${applied} ${dbmate}`);
    await failure(ours.up(), 'migration_adoption_needed');
    const migrations = await readMigrations(ours.dir);
    assert.equal(migrations.length, 2);
    assert.deepEqual(await column(ours.owner, sql`select b from a order by 1`), [1, 2]);
  });
});
