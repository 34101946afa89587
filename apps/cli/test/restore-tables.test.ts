import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { newId } from '@holdfast/core';
import type { TableRestore } from '@holdfast/database/restore/tables';
import { connect, sql } from '@holdfast/postgres';
import { emptyDatabase, testDatabase } from '@holdfast/testing';
import { checkTableOptions, restoreTablesCommand } from '../src/restore/restore-tables.ts';
import type { TableOptionValues } from '../src/restore/table-options.ts';
import { isTableRestoreId, undoTablesCommand } from '../src/restore/undo-tables.ts';
import { createTerminal, type Terminal } from '../src/terminal.ts';

function terminalOf(json: boolean): { terminal: Terminal; text: () => string } {
  let text = '';
  const collect = new Writable({
    write: (chunk, _encoding, done) => {
      text += String(chunk);
      done();
    },
  });
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createTerminal(
    { stdout: collect, stderr: nowhere },
    { json, verbose: false, color: false },
  );
  return { terminal, text: () => text };
}

async function execute(url: string, script: string): Promise<void> {
  const connection = await connect({ url });
  await connection.script(script);
  await connection.close();
}

const SCHEMA = 'create table users (id int primary key, email text unique, password text)';

test('a plan, a restore, and the way back', async t => {
  const [backup, live] = await Promise.all([emptyDatabase(t), emptyDatabase(t)]);
  await execute(
    backup.superuserUrl,
    `${SCHEMA}; insert into users values (1, 'a@x', 'secret'), (2, 'b@x', 'secret')`,
  );
  await execute(live.superuserUrl, `${SCHEMA}; insert into users values (2, 'c@x', 'secret')`);
  const urls = { sourceUrl: backup.superuserUrl, targetUrl: live.superuserUrl, label: 'a backup' };
  const run = async (options: TableOptionValues, json = true) => {
    const { terminal, text } = terminalOf(json);
    const code = await restoreTablesCommand({ ...urls, options: { table: 'users', ...options }, terminal });
    return { code, text: text() };
  };
  const plan = await run({ plan: true, mode: 'overwrite' }, false);
  assert.equal(plan.code, 0);
  assert.equal(
    plan.text,
    [
      'public.users (matched by users_pkey): 1 to insert, 1 to update, 0 to delete, 0 unchanged',
      '    + id=1 email=a@x password=[redacted]',
      '    ~ id=2 email: c@x -> b@x',
      'Nothing was changed. To do it, use --yes.',
      '',
    ].join('\n'),
  );
  assert.equal((await run({ mode: 'overwrite', mask: true })).code, 1);
  const done = await run({ yes: true, mode: 'overwrite', mask: true });
  assert.equal(done.code, 0);
  const result = JSON.parse(done.text) as TableRestore;
  assert.equal(result.outcome, 'restored');
  assert.doesNotMatch(done.text, /[abc]@x/);
  const rows = () => live.pool.many(sql`select email from users order by id`);
  await execute(live.superuserUrl, 'grant select on users to holdfast_app');
  assert.deepEqual(await rows(), [{ email: 'a@x' }, { email: 'b@x' }]);
  assert.ok(result.id !== null && isTableRestoreId(result.id));
  const undo = { targetUrl: urls.targetUrl, id: result.id, partly: false, disableTriggers: false };
  assert.equal(
    await undoTablesCommand({ ...undo, confirmed: false, terminal: terminalOf(true).terminal }),
    1,
  );
  assert.equal(await undoTablesCommand({ ...undo, confirmed: true, terminal: terminalOf(true).terminal }), 0);
  assert.deepEqual(await rows(), [{ email: 'c@x' }]);
});

test('the rows that the agreed plan has shown are not shown again', async t => {
  const [backup, live] = await Promise.all([emptyDatabase(t), emptyDatabase(t)]);
  await execute(backup.superuserUrl, `${SCHEMA}; insert into users values (1, 'a@x', 'secret')`);
  await execute(live.superuserUrl, SCHEMA);
  const { terminal, text } = terminalOf(false);
  const urls = { sourceUrl: backup.superuserUrl, targetUrl: live.superuserUrl, label: 'a backup' };
  assert.equal(await restoreTablesCommand({ ...urls, options: { table: 'users', yes: true }, terminal }), 0);
  assert.match(text(), /^public\.users .*: 1 inserted, /);
  assert.doesNotMatch(text(), /a@x/);
});

test('options that do not fit are refused before anything happens', () => {
  const refused: readonly (readonly [TableOptionValues, RegExp])[] = [
    [{ rows: 'id = 1' }, /--rows only goes with --table/],
    [{ table: ' , ' }, /--table needs the name of a table/],
    [{ table: 'users', mode: 'all' }, /--mode is one of missing, overwrite, exact, not all/],
    [{ table: 'users', plan: true, yes: true }, /--plan or --yes/],
  ];
  for (const [options, message] of refused) {
    assert.throws(() => checkTableOptions(options), { code: 'usage', message });
  }
  checkTableOptions({ table: 'users,app.*', mode: 'exact', yes: true });
  checkTableOptions({});
});

test('sessions that come back are ended again when they were ended since, and their lost time is on record', async t => {
  const [backup, live] = await Promise.all([testDatabase(t), testDatabase(t)]);
  const [user, kept, ended] = [newId(), newId(), newId()];
  const session = (id: string) => `insert into sessions (id, user_id, client_id, amr, expires_at)
    values ('${id}', '${user}', 'web', '{pwd}', now() + interval '30 days')`;
  const both = `insert into users (id, email) values ('${user}', 'a@example.com'); ${session(kept)}; ${session(ended)}`;
  await Promise.all([backup, live].map(({ superuserUrl }) => execute(superuserUrl, both)));
  const restoredTo = new Date();
  await execute(live.superuserUrl, 'delete from sessions');
  const journal = [{ at: new Date().toISOString(), sessionId: ended, reason: 'logout' }];
  const code = await restoreTablesCommand({
    sourceUrl: backup.superuserUrl,
    targetUrl: live.superuserUrl,
    label: 'a backup',
    options: { table: 'sessions', yes: true },
    terminal: terminalOf(true).terminal,
    sessions: { restoredTo, journal },
  });
  assert.equal(code, 0);
  const sessions = await live.pool.many(sql<{ id: string; reason: string | null }>`
    select id, revocation_reason as reason from sessions order by revocation_reason nulls last`);
  assert.deepEqual(sessions, [
    { id: ended, reason: 'logout' },
    { id: kept, reason: null },
  ]);
  const epochs = await live.pool.many(sql`select restored_to, note from holdfast_recovery.restore_epochs`);
  assert.deepEqual(epochs, [{ restored_to: restoredTo, note: 'a backup' }]);
});

test('samples show values as PostgreSQL writes them, and names with quotes where they need them', async t => {
  const [backup, live] = await Promise.all([emptyDatabase(t), emptyDatabase(t)]);
  const schema = `create schema "Odd Schema"; create type address as (street text, number int);
    create table "Odd Schema".t (addr address, data bytea, note text)`;
  await execute(
    backup.superuserUrl,
    `${schema}; insert into "Odd Schema".t values (('st "x"', 1), '\\x00ff', E'two\\nlines\\x1b[1m')`,
  );
  await execute(live.superuserUrl, schema);
  const { terminal, text } = terminalOf(false);
  const urls = { sourceUrl: backup.superuserUrl, targetUrl: live.superuserUrl, label: 'a backup' };
  const options = { table: '"Odd Schema".t', plan: true };
  assert.equal(await restoreTablesCommand({ ...urls, options, terminal }), 0);
  assert.equal(
    text(),
    [
      '"Odd Schema".t (matched by whole rows): 1 to insert, 0 to update, 0 to delete, 0 unchanged',
      '    there is no primary key or unique not-null key: whole rows are compared, and as many equal ones as in the backup are made',
      String.raw`    + addr=("st ""x""",1) data=\x00ff note=two\nlines\u001b[1m`,
      'Nothing was changed. To do it, use --yes.',
      '',
    ].join('\n'),
  );
});
