import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HoldfastError } from '@holdfast/core';
import { DatabaseError } from 'pg';
import { databaseTrouble, isUniqueViolation, leavesConnectionUsable, sqlState } from './database-errors.ts';

function serverError(code: string, fields: Partial<DatabaseError> = {}): DatabaseError {
  return Object.assign(new DatabaseError('from the server', 1, 'error'), { code, ...fields });
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

describe('databaseTrouble', () => {
  for (const state of ['08006', '53300', '57P01', '57P02', '57P03']) {
    test(`${state} is database_unavailable`, () => {
      assert.equal(databaseTrouble(serverError(state))?.code, 'database_unavailable');
    });
  }
  for (const state of ['57014', '55P03', '25P03']) {
    test(`${state} is database_timeout`, () => {
      assert.equal(databaseTrouble(serverError(state))?.code, 'database_timeout');
    });
  }
  for (const state of ['23505', '42P01', '40001', '28P01', 'XX000']) {
    test(`${state} is not about availability`, () => {
      assert.equal(databaseTrouble(serverError(state)), undefined);
    });
  }
  for (const code of ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTFOUND']) {
    test(`${code} is database_unavailable`, () => {
      assert.equal(databaseTrouble(systemError(code))?.code, 'database_unavailable');
    });
  }

  test('keeps the cause and says when to try again', () => {
    const cause = serverError('57P03');
    const trouble = databaseTrouble(cause);
    assert.equal(trouble?.cause, cause);
    assert.equal(trouble?.retryAfter, 1);
  });

  test('returns its own errors as they are and knows nothing of others', () => {
    const own = new HoldfastError('pool_exhausted', 'full');
    assert.equal(databaseTrouble(own), own);
    assert.equal(databaseTrouble(new HoldfastError('not_found', 'no')), undefined);
    assert.equal(databaseTrouble(new TypeError('bug')), undefined);
    assert.equal(databaseTrouble('text'), undefined);
  });
});

test('sqlState looks through causes', () => {
  assert.equal(sqlState(databaseTrouble(serverError('57P03'))), '57P03');
  assert.equal(sqlState(new Error('no')), undefined);
});

test('isUniqueViolation can ask for the constraint', () => {
  const error = serverError('23505', { constraint: 'users_email_unique' });
  assert.equal(isUniqueViolation(error), true);
  assert.equal(isUniqueViolation(error, 'users_email_unique'), true);
  assert.equal(isUniqueViolation(error, 'users_pkey'), false);
  assert.equal(isUniqueViolation(serverError('23503')), false);
});

describe('leavesConnectionUsable', () => {
  test('an ordinary error does, a cancelled statement too', () => {
    assert.equal(leavesConnectionUsable(serverError('23505')), true);
    assert.equal(leavesConnectionUsable(databaseTrouble(serverError('57014'))), true);
  });

  test('a lost session, a missed deadline and a stale plan do not', () => {
    assert.equal(leavesConnectionUsable(serverError('57P01')), false);
    assert.equal(leavesConnectionUsable(serverError('25P03')), false);
    assert.equal(leavesConnectionUsable(new HoldfastError('database_timeout', 'no answer')), false);
    assert.equal(leavesConnectionUsable(serverError('26000')), false);
    assert.equal(leavesConnectionUsable(serverError('0A000', { routine: 'RevalidateCachedQuery' })), false);
    assert.equal(leavesConnectionUsable(systemError('ECONNRESET')), false);
  });
});
