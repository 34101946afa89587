import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSecretKey, maskUrl, REDACTED, redact, redactText } from './redact.ts';

const JWT = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl';

test('names of secrets are known in every spelling', () => {
  for (const key of [
    'password',
    'newPassword',
    'current_password',
    'Authorization',
    'set-cookie',
    'apiKey',
    'X-Api-Key',
    'client_secret',
    'refreshToken',
    'token',
    'privateKey',
    'HOLDFAST_KEYRING',
  ]) {
    assert.ok(isSecretKey(key), key);
  }
  for (const key of ['email', 'tokenType', 'kid', 'keyboard', 'passenger', 'expiresIn', 'secretary']) {
    assert.ok(!isSecretKey(key), key);
  }
});

test('secrets inside text are replaced, the rest stays', () => {
  const cases: [string, string][] = [
    [`failed for ${JWT} at 12:00`, `failed for ${REDACTED} at 12:00`],
    ['authorization: Bearer abcdefghijklmnop', `authorization: Bearer ${REDACTED}`],
    ['GET /ws?token=abc.def&room=1', `GET /ws?token=${REDACTED}&room=1`],
    [
      'cannot reach postgresql://app:hunter2@db:5432/x',
      `cannot reach postgresql://app:${REDACTED}@db:5432/x`,
    ],
    [`hf_rt_${'A'.repeat(100)} was used`, `hf_rt_${REDACTED} was used`],
    ['line 2: AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQ', `line 2: AGE-SECRET-KEY-${REDACTED}`],
    ['nothing to hide here: 10:20:30', 'nothing to hide here: 10:20:30'],
  ];
  for (const [text, expected] of cases) assert.equal(redactText(text), expected);
});

test('a structure is copied with its secrets replaced and nothing else', () => {
  const when = new Date();
  const value = {
    user: 'a',
    password: 'x',
    list: [{ token: 'y', note: `see ${JWT}` }],
    when,
    count: 3,
    none: null,
  };
  assert.deepEqual(redact(value), {
    user: 'a',
    password: REDACTED,
    list: [{ token: REDACTED, note: `see ${REDACTED}` }],
    when,
    count: 3,
    none: null,
  });
  assert.equal(value.password, 'x');
});

test('a URL is masked, and what is no URL is not shown', () => {
  assert.equal(maskUrl('postgres://u:p@h/d'), 'postgres://u:***@h/d');
  assert.equal(maskUrl('http://h/?a=1'), 'http://h/?a=1');
  assert.equal(maskUrl('u:p@h'), 'u:p@h');
  assert.equal(maskUrl('not a url p4ss'), '[invalid URL]');
});
