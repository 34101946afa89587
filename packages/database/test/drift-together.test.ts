import assert from 'node:assert/strict';
import { it } from 'node:test';
import { diffCatalogs, reconcile } from '@holdfast/database/drift';
import { lintMigrations } from '@holdfast/database/lint';
import { readCatalog, sql } from '@holdfast/postgres';
import { column, createProject, failure } from './fixtures.ts';

const EXPECTED = `
  create table t (id int primary key, a bigint not null, b int);
  create index ti on t (b);
  create view v as select id, a from t;
  create function f() returns bigint language sql as 'select 1::bigint';
`;
const LIVE = `
  drop schema public cascade; create schema public;
  create table t (id int primary key, a int, b int);
  create index extra on t (id, b);
  create view v as select id, a from t;
  create function f() returns int language sql as 'select 1';
`;

it('what is dropped to be made again comes back in the same transaction, concurrent builds apart', async t => {
  const project = await createProject(t, {});
  const { owner } = project;
  const schemas = ['public'];
  await owner.script(`drop schema public cascade; create schema public; ${EXPECTED}`);
  const expected = await readCatalog(owner, { schemas });
  await owner.script(LIVE);
  const pair = { expected, live: await readCatalog(owner, { schemas }) };
  const { text, statements, transactional } = reconcile(pair, { allowDestructive: true });
  assert.equal(transactional, false);
  const at = (start: string): number => {
    const index = statements.findIndex(statement => statement.toLowerCase().startsWith(start));
    assert.notEqual(index, -1, `${start} in:\n${text}`);
    return index;
  };
  const order = [
    'drop index concurrently public.extra',
    'begin',
    'drop view public.v',
    'alter table public.t alter column a type bigint',
    'create or replace view public.v',
    'commit',
    'create index concurrently ti',
  ].map(at);
  assert.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
    text,
  );
  assert.ok(
    at('begin') < at('drop function public.f') && at('create or replace function') < at('commit'),
    text,
  );
  const { findings } = await lintMigrations([{ file: '0001_r.sql', text }]);
  assert.deepEqual(
    findings.filter(({ rule }) => rule === 'timeout-before-concurrently'),
    [],
  );

  await project.write({ '0001_r.sql': text.replace('\ncommit;', '\nselect 1 / 0;\ncommit;') });
  await failure(project.up(), 'migration_failed');
  assert.deepEqual(await column(owner, sql`select to_regclass('public.v')::text`), ['v'], 'no gap is left');
  await project.write({ '0001_r.sql': text });
  await project.up();
  const live = await readCatalog(owner, { schemas });
  assert.deepEqual(diffCatalogs({ expected, live }).differences, []);
});
