import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { errorMessage, isHoldfastError } from '@holdfast/core';
import { type LintFinding, lintMigrations, readLintSources, refuseDangerous } from '@holdfast/database/lint';
import { createProject, migration, stepwise } from './fixtures.ts';

const TABLE = migration('create table users (id bigint primary key, name varchar(10), email text);');

/** Lints files in the order given; only the last one is reported. */
async function lint(...texts: readonly string[]): Promise<readonly LintFinding[]> {
  const sources = texts.map((text, index) => ({ file: `${index + 1}_file.sql`, text }));
  const { findings } = await lintMigrations(sources, new Set([`${texts.length}_file.sql`]));
  return findings;
}

async function rules(...texts: readonly string[]): Promise<string[]> {
  return (await lint(...texts)).map(({ rule }) => rule);
}

describe('lint', () => {
  it('remembers across files what was validated', async () => {
    const notValid = migration(
      'alter table users add constraint named check (name is not null and id > 0) not valid;',
    );
    const validate = migration('alter table users validate constraint named;');
    const setNotNull = migration('alter table users alter column name set not null;');
    assert.deepEqual(await rules(TABLE, notValid, setNotNull), ['set-not-null']);
    assert.deepEqual(await rules(TABLE, notValid, validate, setNotNull), []);
    const dropped = migration('alter table users drop constraint named;');
    assert.deepEqual(await rules(TABLE, notValid, validate, dropped, setNotNull), ['set-not-null']);
    assert.deepEqual(await rules(TABLE, setNotNull, setNotNull), []);
  });

  it('follows columns and tables through renames, schemas and the search_path', async () => {
    const check = migration('alter table users add constraint c check (name is not null);');
    const rename = migration('alter table users rename name to title; alter table users rename to people;');
    const setNotNull = (table: string) => migration(`alter table ${table} alter title set not null;`);
    assert.deepEqual(await rules(TABLE, check, rename, setNotNull('people')), []);
    assert.deepEqual(await rules(TABLE, rename, setNotNull('people')), ['set-not-null']);
    const moved = migration('alter table people set schema app;');
    assert.deepEqual(await rules(TABLE, check, rename, moved, setNotNull('app.people')), []);
    const onPath = migration('set search_path = app, public; alter table people alter title set not null;');
    assert.deepEqual(await rules(TABLE, check, rename, moved, onPath), []);
    assert.deepEqual(await rules(TABLE, check, rename, moved, setNotNull('people')), ['set-not-null']);
  });

  it('takes a table of the same name in another schema for another one', async () => {
    const file = migration(
      'create schema app; create table app.users (id int); create index on users (name);',
    );
    assert.deepEqual(await rules(TABLE, file), ['index-not-concurrent']);
    const own = migration(
      'create schema app; create table app.users (id int); create index on app.users (id);',
    );
    assert.deepEqual(await rules(TABLE, own), []);
  });

  it('takes a table that was dropped and created anew for a new one', async () => {
    const file = migration('drop table users; create table users (id int); create index on users (id);');
    assert.deepEqual(await rules(TABLE, file), ['drop-table']);
  });

  it('does not take CREATE TABLE IF NOT EXISTS of an older table for a new one', async () => {
    const file = migration('create table if not exists users (id bigint); create index on users (id);');
    assert.deepEqual(await rules(TABLE, file), ['index-not-concurrent']);
  });

  it('knows a temporary table as its own', async () => {
    const file = migration(
      'create temp table users (id int); create index on users (id); delete from users;',
    );
    assert.deepEqual(await rules(TABLE, file), []);
  });

  it('looks at each part of ALTER TABLE with what the parts before it did', async () => {
    const file = migration(
      'alter table users drop constraint users_pkey, add column a int, add unique (a), alter name type text;',
    );
    assert.deepEqual(await rules(TABLE, file), ['drop-key', 'add-unique']);
  });

  it('treats each statement of a stepwise file as a transaction of its own', async () => {
    const two =
      'alter table users add constraint c check (id > 0) not valid;\nalter table users validate constraint c;';
    assert.deepEqual(await rules(TABLE, migration(two)), ['validate-in-same-transaction']);
    assert.deepEqual(await rules(TABLE, stepwise(two)), []);
    assert.deepEqual(await rules(TABLE, stepwise(`begin;\n${two}\ncommit;`)), [
      'validate-in-same-transaction',
    ]);
    const unsafe = 'begin; create index concurrently i on users (id); commit;';
    assert.deepEqual(await rules(TABLE, stepwise(unsafe)), ['concurrently-in-transaction']);
  });

  it('allows one rule for one statement with a reason', async () => {
    const comment = '-- holdfast:allow drop-column: nobody reads it any more';
    const file = migration(
      `${comment}\nalter table users drop column name;\nalter table users drop column email;`,
    );
    const sources = [TABLE, file].map((text, index) => ({ file: `${index + 1}_file.sql`, text }));
    const { findings, allowed } = await lintMigrations(sources);
    assert.deepEqual(
      findings.map(({ rule, line }) => [rule, line]),
      [['drop-column', 4]],
    );
    assert.deepEqual(
      allowed.map(({ rule, line, reason }) => [rule, line, reason]),
      [['drop-column', 3, 'nobody reads it any more']],
    );
  });

  it('takes an allowance behind or inside of the statement, too', async () => {
    const behind = migration(
      'alter table users drop column name; -- holdfast:allow drop-column: unused\nselect 1;',
    );
    assert.deepEqual(await rules(TABLE, behind), []);
    const inside = migration(
      'alter table users\n  -- holdfast:allow drop-column: unused\n  drop column name;',
    );
    assert.deepEqual(await rules(TABLE, inside), []);
  });

  it('finds allowances without a reason, for no rule, and for nothing', async () => {
    const allow = (text: string) =>
      migration(`-- holdfast:allow ${text}\nalter table users drop column name;`);
    assert.deepEqual(await rules(TABLE, allow('drop-column')), ['allow-without-reason', 'drop-column']);
    assert.deepEqual(await rules(TABLE, allow('drop-column:  ')), ['allow-without-reason', 'drop-column']);
    assert.deepEqual(await rules(TABLE, allow('drop-colum: unused')), ['allow-unknown-rule', 'drop-column']);
    assert.deepEqual(await rules(TABLE, allow('drop-table: unused')), ['allow-unused', 'drop-column']);
    const last = migration('select 1;\n\n-- holdfast:allow drop-table: x');
    assert.deepEqual(await rules(TABLE, last), ['allow-unused']);
    const literal = migration("select '\n-- holdfast:allow drop-table: x\n';");
    assert.deepEqual(await rules(TABLE, literal), []);
  });

  it('places what cannot be parsed, and goes on behind it', async () => {
    const findings = await lint(TABLE, migration("select 'é', x y z;\nalter table users drop column name;"));
    assert.deepEqual(
      findings.map(({ rule, line, column }) => [rule, line, column]),
      [
        ['syntax-error', 2, 17],
        ['drop-column', 3, 1],
      ],
    );
  });

  it('reports a file that is no migration, and a statement the runner would refuse', async () => {
    assert.deepEqual(await rules('select 1;'), ['invalid-file']);
    const copy = await lint(migration('select 1;\ncopy users from stdin;'));
    assert.deepEqual(
      copy.map(({ rule, line }) => [rule, line]),
      [['invalid-file', 3]],
    );
    assert.deepEqual(await rules(migration("select 'never ends;")), ['invalid-file']);
    assert.deepEqual(await rules('-- migrate:up transaction:maybe\nselect 1;'), ['invalid-file']);
  });

  it('looks into blocks, and says where it cannot', async () => {
    const block = migration(`do $$
declare
  wanted text := 'x';
begin
  if exists (select from users) then
      alter table users drop column name;
  end if;
  execute 'alter table users ' || 'drop column email';
  execute 'alter table users drop column email';
end
$$;
do language sql $$ select 1 $$;`);
    const findings = await lint(TABLE, block);
    assert.deepEqual(
      findings.map(({ rule, line, column }) => [rule, line, column]),
      [
        ['drop-column', 7, 7],
        ['opaque-block', 9, 3],
        ['drop-column', 10, 3],
        ['opaque-block', 13, 1],
      ],
    );
  });

  it('counts the lines of a block from where its body begins', async () => {
    const block = migration('do\n  language plpgsql\n  $body$ begin\n  drop table users;\nend $body$;');
    const findings = await lint(TABLE, block);
    assert.deepEqual(
      findings.map(({ rule, line, column }) => [rule, line, column]),
      [['drop-table', 5, 3]],
    );
  });

  it('lets a new value of a new enum be used at once, and an older one’s after the commit', async () => {
    const use = "alter type mood add value 'glad'; select 'glad'::mood;";
    const type = "create type mood as enum ('calm');";
    assert.deepEqual(await rules(migration(`${type} ${use}`)), []);
    assert.deepEqual(await rules(migration(type), migration(use)), ['enum-value-in-same-transaction']);
    assert.deepEqual(await rules(migration(type), stepwise(use)), []);
  });

  it('takes a view in the place of a table or view only within one transaction', async () => {
    const rename = 'alter table users rename to people; create view users as select * from people;';
    assert.deepEqual(await rules(TABLE, migration(rename)), []);
    assert.deepEqual(await rules(TABLE, stepwise(rename)), ['rename-table']);
    const view = migration('create view names as select name from users;');
    const replace = 'drop view names; create view names as select name, id from users;';
    assert.deepEqual(await rules(TABLE, view, migration(replace)), []);
    assert.deepEqual(await rules(TABLE, view, stepwise(replace)), ['drop-table']);
  });

  it('asks for the type that a column has had since its last change', async () => {
    const longer = (length: number) => migration(`alter table users alter name type varchar(${length});`);
    assert.deepEqual(await rules(TABLE, longer(20), longer(15)), ['change-column-type']);
    assert.deepEqual(await rules(TABLE, longer(20), longer(30)), []);
    const unknown = await lint(migration('alter table elsewhere alter name type text;'));
    assert.match(unknown[0]?.message ?? '', /None of these migrations tells the present type/);
  });

  it('gives SQL to paste, made of the names in the statement', async () => {
    const [finding] = await lint(
      migration('create table "Odd Name" (id bigint, "User" text);'),
      migration('create unique index if not exists "Odd" on "Odd Name" ("User");'),
    );
    assert.equal(
      finding?.safer,
      '-- in a file marked transaction:false\ncreate unique index concurrently "Odd" on "Odd Name" ("User");',
    );
    assert.deepEqual(finding?.lock, { relation: 'public.Odd Name', mode: 'SHARE' });
    const [key] = await lint(
      TABLE,
      migration(
        'alter table users add constraint k foreign key (id) references other (id) on delete cascade, add column x int;',
      ),
    );
    assert.match(
      key?.safer ?? '',
      /^alter table users add constraint k foreign key \(id\) references other \(id\) on delete cascade not valid;/,
    );
  });

  it('gives SQL that lint itself accepts', async () => {
    const dangerous = [
      'alter table users add column token uuid default gen_random_uuid();',
      'alter table users add column number bigserial;',
      'alter table users add constraint c check (id > 0);',
      'alter table users add constraint f foreign key (id) references users (id);',
      'alter table users add constraint u unique (email);',
      'alter table users alter column email set not null;',
      'create index users_email on users (email);',
    ];
    for (const statement of dangerous) {
      const [finding] = await lint(TABLE, migration(statement));
      assert.ok(finding, statement);
      const steps = finding.safer
        .split(/^-- in a (?:later migration|third one).*$/m)
        .map(step => stepwise(step));
      for (let count = 1; count <= steps.length; count++) {
        assert.deepEqual(await rules(TABLE, ...steps.slice(0, count)), [], `${statement}\n${finding.safer}`);
      }
    }
  });

  it('finds what is moved as a whole, and conditions that keep no row', async () => {
    assert.deepEqual(
      await rules(TABLE, migration('alter table all in tablespace pg_default set tablespace fast;')),
      ['rewrite-table'],
    );
    const [finding] = await lint(TABLE, migration("update users set name = 'x' where 'a' = 'a';"));
    assert.equal(finding?.rule, 'change-all-rows');
    assert.match(finding?.safer ?? '', /^update users set name = 'x' where ctid = any/m);
    assert.deepEqual(await rules(TABLE, migration("update users set name = 'x' where 1 = 2;")), []);
  });

  it('leaves down sections and down files alone', async t => {
    assert.deepEqual(await rules(TABLE, migration('select 1;', 'drop table users;')), []);
    const project = await createProject(t, {
      '1_a.up.sql': 'create table a (id int);',
      '1_a.down.sql': 'drop table a;',
      '10_c.sql': migration('create index on a (id);'),
      '2_b.sql': migration('select 1;'),
      'notes.txt': 'x',
    });
    const sources = await readLintSources(project.dir);
    assert.deepEqual(
      sources.map(({ file }) => file),
      ['1_a.up.sql', '2_b.sql', '10_c.sql'],
    );
    const { findings, files, statements } = await lintMigrations(sources);
    assert.deepEqual([findings.map(({ rule }) => rule), files, statements], [['index-not-concurrent'], 3, 3]);
  });

  it('objects to files that are refused for their names before anything is run', async t => {
    const project = await createProject(t, {
      '1_users.sql': TABLE,
      '2_a.sql': migration('select 1;'),
      '02_b.sql': migration('select 2;'),
      '3_c.down.sql': 'drop table users;',
      '4_d.up.sql': 'select 4;',
      '4_d.down.sql': 'select 4;',
      'orders.sql': migration('select 5;'),
      '6_Shouted.SQL': migration('select 6;'),
    });
    const { findings } = await lintMigrations(await readLintSources(project.dir));
    assert.deepEqual(
      findings.map(({ file, rule, level, message }) => [file, rule, level, message.split('.')[0]]),
      [
        ['02_b.sql', 'invalid-file', 'refuse', 'The version 02 is used more than once: 02_b'],
        ['2_a.sql', 'invalid-file', 'refuse', 'The version 02 is used more than once: 02_b'],
        ['3_c.down.sql', 'invalid-file', 'refuse', 'no up file: 3_c'],
        ['6_Shouted.SQL', 'invalid-file', 'refuse', 'It is not named like a migration (0001_name'],
        ['orders.sql', 'invalid-file', 'refuse', 'It is not named like a migration (0001_name'],
      ],
    );
  });

  it('does not call a directory without migrations fine', async t => {
    const project = await createProject(t, { 'notes.txt': 'x' });
    await assert.rejects(
      readLintSources(project.dir),
      error => isHoldfastError(error, 'usage') && /no migration in/.test(error.message),
    );
  });

  it('advises how to allow a danger, and to correct a mistake', async () => {
    const refused = (...statements: readonly string[]): Promise<string> =>
      lint(TABLE, migration(statements.join(' '))).then(findings => {
        try {
          refuseDangerous(findings);
        } catch (error) {
          return errorMessage(error);
        }
        return '';
      });
    const mistake = await refused('alter tabel users add b int;');
    assert.match(mistake, /\(syntax-error\): .*\nNothing was run\. Correct the file and run again\.$/s);
    assert.doesNotMatch(mistake, /holdfast:allow/);
    const both = await refused('drop table users;', 'alter tabel users add b int;');
    assert.match(both, /\(syntax-error\)/);
    assert.match(both, /-- holdfast:allow RULE: reason$/);
  });

  it('refuses what is dangerous and lets warnings pass', async () => {
    const warning = await lint(TABLE, migration('alter table users alter column name drop not null;'));
    assert.deepEqual(
      warning.map(({ level }) => level),
      ['warn'],
    );
    refuseDangerous(warning);
    const dangerous = await lint(TABLE, migration('drop table users;'));
    assert.throws(
      () => refuseDangerous([...warning, ...dangerous]),
      error =>
        isHoldfastError(error, 'migration_dangerous') &&
        /2_file\.sql, line 2 \(drop-table\)/.test(error.message),
    );
  });
});
