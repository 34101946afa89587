import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { restoreTablesLine, splitTableNames } from './table-names.ts';

test('names are taken with the quotes of SQL and without', () => {
  assert.deepEqual(splitTableNames('users, app.users,,app.*'), ['users', 'app.users', 'app.*']);
  assert.deepEqual(splitTableNames('"Über Schema".*,"a,b" , public."say ""hi"""'), [
    'Über Schema.*',
    'a,b',
    'public.say "hi"',
  ]);
  assert.deepEqual(splitTableNames('public.weird "table" 名前,x'), ['public.weird "table" 名前', 'x']);
});

test('the command names the same tables once a shell has read it', () => {
  const tables = [
    { schema: 'audit', name: 'log' },
    { schema: 'Über Schema', name: 'weird "table" 名前' },
    { schema: 'public', name: "it's, $HOME" },
  ];
  const line = restoreTablesLine('20261121T133045Z-physical-k3f9', tables);
  const words = execFileSync('/bin/sh', ['-c', `printf '%s\\n' ${line}`], { encoding: 'utf8' }).split('\n');
  assert.deepEqual(words.slice(0, 4), ['holdfast', 'restore', '20261121T133045Z-physical-k3f9', '--table']);
  assert.deepEqual(
    splitTableNames(words[4] ?? ''),
    tables.map(({ schema, name }) => `${schema}.${name}`),
  );
  assert.equal(restoreTablesLine('latest', tables.slice(0, 1)), 'holdfast restore latest --table audit.log');
});
