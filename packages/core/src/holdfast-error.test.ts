import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERROR_REGISTRY, problemType, SESSION_ENDING_CODES } from './error-registry.ts';
import { errorMessage, HoldfastError, isHoldfastError } from './holdfast-error.ts';

test('an error carries code, cause and details, and is recognised by its code', () => {
  const cause = new Error('ECONNREFUSED');
  const error = new HoldfastError('database_unavailable', 'gone', {
    cause,
    retryAfter: 1,
    details: { host: 'db' },
  });
  assert.equal(error.entry.status, 503);
  assert.equal(error.cause, cause);
  assert.ok(isHoldfastError(error));
  assert.ok(isHoldfastError(error, 'internal', 'database_unavailable'));
  assert.ok(!isHoldfastError(error, 'internal'));
  assert.ok(!isHoldfastError(cause));
});

test('availability codes invite a retry and never end a session', () => {
  for (const [code, { status, retryable }] of Object.entries(ERROR_REGISTRY)) {
    // whether that change was made is not known, so making it again is the caller's decision
    if (status === 503 && code !== 'commit_unknown') assert.ok(retryable, code);
    if (retryable) assert.ok(!SESSION_ENDING_CODES.some(ending => ending === code), code);
  }
});

test('a problem type is a URN of its code', () => {
  assert.equal(problemType('token_expired'), 'urn:holdfast:problem:token_expired');
});

test('the message of anything thrown can be read', () => {
  assert.equal(errorMessage(new Error('a')), 'a');
  assert.equal(errorMessage('b'), 'b');
  assert.equal(errorMessage(new AggregateError([new Error('c'), new Error('d')])), 'c; d');
});
