import assert from 'node:assert/strict';
import { it } from 'node:test';
import { connect } from '@holdfast/postgres';
import { emptyDatabase } from '@holdfast/testing';
import { runHoldfast } from './run-command-line.ts';

it('holdfast drift ends with 3 where the ledger may not be read', async t => {
  const database = await emptyDatabase(t);
  const db = await connect({ url: database.superuserUrl });
  t.after(() => db.close());
  await db.script('create schema holdfast_ledger; create table holdfast_ledger.migrations (version text)');
  for (const source of [[], ['--ledger']]) {
    const { code, stderr } = await runHoldfast(['drift', '--database-url', database.url, ...source]);
    assert.equal(code, 3);
    assert.match(stderr, /It could not be compared: permission denied for schema holdfast_ledger/);
  }
});

it('holdfast drift ends with 3 where the catalog cannot be read, on either side', async t => {
  const [one, other] = [await emptyDatabase(t), await emptyDatabase(t)];
  const db = await connect({ url: one.superuserUrl });
  t.after(() => db.close());
  await db.script('revoke select on pg_catalog.pg_policy from public');
  const [live, sound] = [one.url, other.url];
  for (const sides of [
    [live, sound],
    [sound, live],
  ] as const) {
    const { code, stderr } = await runHoldfast(['drift', '--database-url', sides[0], '--against', sides[1]]);
    assert.equal(code, 3);
    assert.match(stderr, /It could not be compared: permission denied for table pg_policy/);
  }
});
