import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import { assertPassword, type PasswordProblem, passwordProblem } from './password-policy.ts';

const context = { email: 'margaret.hamilton@example.com', displayName: 'Margaret Hamilton' };

const CASES: readonly (readonly [string, PasswordProblem | undefined])[] = [
  ['TestPassword123!', undefined],
  ['guard dense orbit lunch', undefined],
  ['aaaaaaa', 'too_short'],
  ['fourteen chars', 'too_short'],
  ['пароль из слов 1', undefined],
  ['🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊', 'too_short'],
  ['aaaaaaaaaaaaaaaa', 'too_common'],
  ['1234567890123456', 'too_common'],
  ['passwordpassword', 'too_common'],
  ['P@ssw0rdP@ssw0rd!!2024', 'too_common'],
  ['!!!!Welcome!!!!2024', 'too_common'],
  ['qwertyuiop123456', 'too_common'],
  ['correct-horse-battery-staple', 'too_common'],
  ['2024-01-01-2024-01', 'too_common'],
  ['margaret.hamilton1', 'contains_identity'],
  ['hamiltonHamilton1', 'contains_identity'],
  ['margaret wrote the flight software', undefined],
];

for (const [password, expected] of CASES) {
  test(`${JSON.stringify(password)} is ${expected ?? 'accepted'}`, () => {
    assert.equal(passwordProblem(password, context), expected);
  });
}

test('eight characters are enough beside a second factor', () => {
  assert.equal(passwordProblem('umbrella', { ...context, mfa: true }), undefined);
  assert.equal(passwordProblem('umbrell', { ...context, mfa: true }), 'too_short');
});

test('64 code points and more are allowed, 257 are not', () => {
  const long = (length: number): string =>
    [...'the quick brown fox jumps over the lazy dog '.repeat(9)].slice(0, length).join('');
  assert.equal(passwordProblem(long(64), context), undefined);
  assert.equal(passwordProblem(long(256), context), undefined);
  assert.equal(passwordProblem(long(257), context), 'too_long');
});

test('a rejection names its reason', () => {
  assert.throws(
    () => assertPassword('short', context),
    (error: unknown) => isHoldfastError(error, 'password_rejected') && error.details?.reason === 'too_short',
  );
});
