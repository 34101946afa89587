import assert from 'node:assert/strict';
import { it } from 'node:test';
import { stepRows } from './cause-rows.ts';

const said = (...steps: string[]): string | undefined => stepRows(steps).at(-1)?.text;

it('says as whom statements are run', () => {
  const table = 'create index on a (b);';
  const role = 'alter role app reset search_path;';
  assert.equal(said('Do it.', table), 'Statements are for psql, as the owner of the tables or a superuser.');
  assert.equal(said('Do it.', role), 'Statements are for psql, as a superuser or a role with CREATEROLE.');
  assert.equal(
    said('Do it.', 'select pg_cancel_backend(1);', 'select pg_terminate_backend(1);'),
    'Statements are for psql, as the role of the session, a role with pg_signal_backend, or a superuser.',
  );
  assert.match(said(role, table) ?? '', /owner of the tables .* What alters a role needs a superuser/);
  assert.equal(said('Do it.'), 'Do it.');
});
