import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId } from '@holdfast/core';
import type { RefreshClaims } from '../tokens/index.ts';
import { judgeRefresh } from './judge-refresh.ts';
import type { FamilyState } from './rotation-queries.ts';

const NOW = 1_795_000_000_000;
const OPTIONS = { graceMs: 30_000, refreshTtlMs: 604_800_000, now: NOW };
const userId = newId();
const at = (secondsAgo: number): Date => new Date(NOW - secondsAgo * 1_000);

const family: FamilyState = {
  generation: 5,
  rotatedAt: at(10),
  previousRotations: [at(20), at(25), at(60), at(120), at(180)],
  expiresAt: at(-3_600),
  absoluteExpiresAt: at(-7_200),
  clientId: 'web',
  amr: ['pwd'],
  roles: [],
  userId,
  revoked: false,
  accountActive: true,
  now: new Date(NOW),
};

function claims(generation: number, change: Partial<RefreshClaims> = {}): RefreshClaims {
  return { familyId: newId(), generation, userId, issuedAt: NOW, absoluteExpiry: NOW + 7_200_000, ...change };
}

const kind = (generation: number, change: Partial<FamilyState> = {}) =>
  judgeRefresh(claims(generation), { ...family, ...change }, OPTIONS).kind;

test('the current generation is current', () => assert.equal(kind(5), 'current'));

test('the parent repeats however long ago it was rotated, while the successor is unused', () => {
  assert.equal(kind(4), 'repeat');
  assert.equal(kind(4, { rotatedAt: at(86_400) }), 'repeat');
});

test('an older generation repeats for the grace time after its successor was used', () => {
  assert.equal(kind(3), 'repeat');
  assert.equal(kind(2), 'repeat');
  assert.equal(kind(1), 'repeat');
});

test('after a long outage the first caller that goes on does not make a thief of the second', () => {
  const outage = { rotatedAt: at(0.4), previousRotations: [at(120), at(135)] };
  assert.equal(kind(3, outage), 'repeat');
  assert.equal(kind(2, outage), 'reused');
});

test('an older generation after that time is reuse', () => {
  assert.equal(kind(0), 'reused');
  assert.equal(kind(3, { rotatedAt: at(29.999) }), 'repeat');
  assert.equal(kind(3, { rotatedAt: at(30) }), 'reused');
  assert.equal(kind(2, { previousRotations: [at(30)] }), 'reused');
  assert.equal(kind(2, { previousRotations: [] }), 'reused');
});

test('a generation ahead of the database contradicts it, even when the row has expired', () => {
  assert.equal(kind(6), 'ahead');
  assert.equal(kind(6, { expiresAt: at(1) }), 'ahead');
});

test('a family that the database does not know contradicts it, unless the token has expired by itself', () => {
  const unknown = (change: Partial<RefreshClaims>) =>
    judgeRefresh(claims(3, change), undefined, OPTIONS).kind;
  assert.equal(unknown({}), 'ahead');
  assert.equal(unknown({ absoluteExpiry: NOW }), 'ended');
  assert.equal(unknown({ issuedAt: NOW - OPTIONS.refreshTtlMs }), 'ended');
});

test('revocation, a disabled account and expiry end the session, in this order', () => {
  const code = (change: Partial<FamilyState>, token = claims(5)) => {
    const verdict = judgeRefresh(token, { ...family, ...change }, OPTIONS);
    return verdict.kind === 'ended' ? verdict.code : verdict.kind;
  };
  assert.equal(code({ revoked: true, accountActive: false }), 'session_revoked');
  assert.equal(code({ accountActive: false, expiresAt: at(1) }), 'account_disabled');
  assert.equal(code({ expiresAt: at(0) }), 'session_expired');
  assert.equal(code({}, claims(5, { absoluteExpiry: NOW })), 'session_expired');
  assert.equal(code({}, claims(5, { userId: newId() })), 'session_revoked');
});

test('reuse of a revoked family reports the revocation, so an old token revokes nothing else', () => {
  assert.equal(kind(0, { revoked: true }), 'ended');
});
