import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HoldfastError } from '@holdfast/core';
import { type Queryable, sql } from '@holdfast/postgres';
import { testDatabase } from '@holdfast/testing';
import { classifyError } from '../src/problems/classify-error.ts';
import { problemDocument } from '../src/problems/problem-document.ts';

/** The error with which PostgreSQL answers when something raises an SQLSTATE. */
async function raised(db: Queryable, state: string): Promise<unknown> {
  const block = `begin raise exception 'relation secret_table is broken' using errcode = '${state}'; end`;
  return db.query(sql`do ${sql.literal(block)}`).then(
    () => assert.fail(state),
    (error: unknown) => error,
  );
}

test('what PostgreSQL says becomes what it means for the caller', async t => {
  const { pool } = await testDatabase(t);
  const cases = [
    ['22021', 'invalid_request'],
    ['22P02', 'invalid_request'],
    ['23503', 'not_found'],
    ['23505', 'conflict'],
    ['23514', 'invalid_request'],
    ['42P01', 'schema_mismatch'],
    ['42703', 'schema_mismatch'],
    ['42501', 'schema_mismatch'],
    ['28P01', 'database_unavailable'],
    ['53100', 'database_unavailable'],
    ['57P01', 'database_unavailable'],
    ['57014', 'database_timeout'],
    ['25006', 'database_unavailable'],
    ['40P01', 'database_unavailable'],
    ['54000', 'invalid_request'],
    ['42601', 'internal'],
    ['XX001', 'internal'],
  ] as const;
  for (const [state, code] of cases) {
    assert.equal(classifyError(await raised(pool, state)).code, code, state);
  }
});

test('errors of our own stay as they are, unknown ones are internal', () => {
  const own = new HoldfastError('conflict', 'Taken.');
  assert.equal(classifyError(own), own);
  for (const thrown of [new Error('x'), new TypeError('y'), 'text', undefined, null, { code: 'FST_ERR' }]) {
    const classified = classifyError(thrown);
    assert.equal(classified.code, 'internal');
    assert.equal(classified.cause, thrown);
  }
});

test('a failure of the server tells nothing but its code', async t => {
  const { pool } = await testDatabase(t);
  for (const state of ['42P01', 'XX001', '53100', '57014']) {
    const { status, body } = problemDocument(classifyError(await raised(pool, state)), 'id');
    assert.ok(status >= 500);
    assert.doesNotMatch(JSON.stringify(body), /secret_table|relation|SQLSTATE|stack/);
    assert.equal(body.requestId, 'id');
  }
});

test('503 says when to try again, 401 what is missing', () => {
  const busy = new HoldfastError('overloaded', 'Busy.', { retryAfter: 2.1 });
  assert.deepEqual(problemDocument(busy, 'id').headers, { 'retry-after': '3' });
  const missing = problemDocument(new HoldfastError('token_missing', 'None.'), 'id');
  assert.deepEqual(missing.headers, { 'www-authenticate': 'Bearer realm="holdfast"' });
  const expired = problemDocument(new HoldfastError('token_expired', 'Old.'), 'id');
  assert.match(expired.headers['www-authenticate'] ?? '', /error="invalid_token"/);
});
