/** A test file for the tests of testDatabase, which run it in processes of its own. `fail` as argument: it fails. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '@holdfast/postgres';
import { testDatabase } from '@holdfast/testing';

const database = await testDatabase();

test('has the built-in rows and what only this file wrote', async () => {
  const count = sql<{ n: number }>`select count(*) as n from roles where built_in`;
  const { n } = await database.pool.one(count);
  assert.ok(n > 0);
  await database.pool.execute(sql`delete from role_permissions`);
  await database.pool.execute(sql`delete from roles`);
  process.stdout.write(`\nDATABASE ${database.name}\n`);
  assert.notEqual(process.argv[2], 'fail');
});
