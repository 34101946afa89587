import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sql } from '@holdfast/postgres';
import { column, createProject, failure, tables } from './fixtures.ts';

/** Files as they stand in projects that use dbmate. */
const FILES = {
  '20200101120000_create_users.sql': `-- Users and what belongs to them.

  -- more about them
-- migrate:up
create table users (
  id integer,
  name varchar(255) default 'no -- comment; here',
  note text -- what; ever
);

-- migrate:down
drop table users;
`,
  '20200102120000_function.sql': `-- migrate:up

CREATE FUNCTION greet(who text) RETURNS text AS $func$
BEGIN
  -- a; comment
  RETURN $$Hello; $$ || who;
END;
$func$ LANGUAGE plpgsql;

-- migrate:down
DROP FUNCTION greet;
`,
  '20200103120000_windows.sql':
    "\uFEFF-- migrate:up\r\ninsert into users (id, note) values (1, 'a\r\nb');\r\n\r\n-- migrate:down\r\ndelete from users;\r\n",
  '20200104120000_index.sql': `-- migrate:up transaction:false
create table logs (at int);
create index concurrently logs_at on logs (at);

-- migrate:down transaction:false
drop index concurrently logs_at;
drop table logs;
`,
  '20200105120000_enum.sql': `--migrate:up transaction:false
ALTER TYPE mood ADD VALUE 'excited' AFTER 'happy';
--migrate:down
`,
  '20200104130000_mood.sql': `-- migrate:up
create type mood as enum ('sad', 'happy');
-- migrate:down
drop type mood;
`,
  '20200106120000_only_up.sql': '-- migrate:up\nalter table users add column age int;\n',
  '20200107120000-with-dashes.sql': '-- migrate:up   \nselect 1\n-- migrate:down\t\n',
};

describe('files of dbmate', { timeout: 120_000 }, () => {
  it('run unchanged, in the order of their timestamps, and back', async t => {
    const project = await createProject(t, FILES);
    const run = await project.up();
    assert.deepEqual(
      run.applied.map(({ version }) => version),
      Object.keys(FILES)
        .map(name => name.slice(0, 14))
        .sort(),
    );
    assert.equal((await project.status()).upToDate, true);
    assert.deepEqual(await tables(project.owner), ['logs', 'users']);
    assert.deepEqual(await project.owner.many(sql`select name, note, greet('you') from users`), [
      { name: 'no -- comment; here', note: 'a\nb', greet: 'Hello; you' },
    ]);
    assert.deepEqual(await column(project.owner, sql`select unnest(enum_range(null::mood))::text`), [
      'sad',
      'happy',
      'excited',
    ]);
    await project.down('20200106120000', { acceptDataLoss: true });
    const irreversible = await failure(project.down('0', { acceptDataLoss: true }), 'sql_file_invalid');
    assert.match(irreversible.message, /20200106120000_only_up\.sql has no down section/);
  });

  for (const [what, content, problem] of [
    ['a psql command', '-- migrate:up\n\\connect other\nselect 1;', /line 2: a psql command/],
    [
      'a dump with rows',
      '-- migrate:up\nCOPY public.users (id) FROM stdin;\n1\n\\.\n',
      /line 2: COPY|line 4: a psql command/,
    ],
    [
      'its own transaction',
      '-- migrate:up\nBEGIN;\nselect 1;\nCOMMIT;\n',
      /line 2: BEGIN: a migration is one transaction already/,
    ],
  ] as const) {
    it(`with ${what} are refused with the line, before anything runs`, async t => {
      const project = await createProject(t, { ...FILES, '20300101000000_last.sql': content });
      assert.match((await failure(project.up(), 'sql_file_invalid')).message, problem);
      assert.deepEqual(await tables(project.owner), []);
    });
  }
});
