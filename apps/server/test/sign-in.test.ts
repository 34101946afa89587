import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { test } from 'node:test';
import { createPasswordHasher, type PasswordHasher } from '@holdfast/auth';
import { type OperationId, operations } from '@holdfast/contract';
import { newId } from '@holdfast/core';
import { SignJWT } from 'jose';
import type { SeenResponse } from './support/conformance.ts';
import { PASSWORD } from './support/people.ts';
import { call, type Sample } from './support/requests.ts';
import { type TestApp, testApp } from './support/test-app.ts';

const problemOf = ({ body }: SeenResponse) => JSON.parse(body) as Record<string, unknown>;

/** An access token of ours, spoilt in one place. */
async function tokenWith(
  { keyring, settings, people }: TestApp,
  change: { header?: Record<string, unknown>; claims?: Record<string, unknown> },
): Promise<string> {
  const key = keyring.keys.find(({ use }) => use === 'sign');
  assert.ok(key !== undefined && 'privateJwk' in key);
  const { userId, sessionId } = await people.person();
  const now = Math.floor(Date.now() / 1_000);
  const base = { iss: settings.issuer, aud: settings.audience, iat: now, nbf: now, exp: now + 600 };
  const claims = {
    ...base,
    sub: userId,
    sid: sessionId,
    jti: newId(),
    client_id: 'test',
    roles: [],
    amr: [],
  };
  return new SignJWT({ ...claims, ...change.claims })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: key.kid, ...change.header })
    .sign(createPrivateKey({ key: { ...key.privateJwk }, format: 'jwk' }));
}

test('15: audience, issuer, expiry and not-before are checked, with at most 30 s of tolerance', async t => {
  const main = await testApp(t);
  const now = Math.floor(Date.now() / 1_000);
  const cases: readonly (readonly [Record<string, unknown>, string])[] = [
    [{}, '200'],
    [{ aud: 'another' }, '401 token_invalid'],
    [{ iss: 'https://another.example' }, '401 token_invalid'],
    [{ exp: now - 31 }, '401 token_expired'],
    [{ nbf: now + 35 }, '401 token_invalid'],
    [{ iat: now + 35 }, '401 token_invalid'],
    [{ exp: undefined }, '401 token_invalid'],
    [{ aud: undefined }, '401 token_invalid'],
    [{ iss: undefined }, '401 token_invalid'],
    [{ nbf: now + 20, iat: now + 20 }, '200'],
  ];
  for (const [claims, expected] of cases) {
    const answer = await call(main.app, 'getMe', { token: await tokenWith(main, { claims }) });
    const code = answer.status === 200 ? '' : ` ${problemOf(answer).code}`;
    assert.equal(`${answer.status}${code}`, expected, JSON.stringify(claims));
  }
  for (const header of [{ typ: 'JWT' }, { kid: 'another' }]) {
    const answer = await call(main.app, 'getMe', { token: await tokenWith(main, { header }) });
    assert.equal(problemOf(answer).code, 'token_invalid', JSON.stringify(header));
  }
});

test('30: errors are problem documents whose status is that of the response, without a stack trace', async t => {
  const { app, people } = await testApp(t);
  const { accessToken: token } = await people.person();
  const samples: readonly (readonly [OperationId, Sample, number])[] = [
    ['login', { body: '{' }, 400],
    ['login', { body: { email: 'nobody@example.com', password: 'x' } }, 401],
    ['getMe', {}, 401],
    ['listUsers', { token }, 403],
    ['revokeMySession', { token, params: { sessionId: newId() } }, 404],
    ['login', { body: 'x', contentType: 'text/xml' }, 415],
  ];
  for (const [id, sample, status] of samples) {
    const answer = await call(app, id, sample);
    assert.equal(answer.status, status, answer.body);
    assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
    const problem = problemOf(answer);
    assert.equal(problem.status, status);
    assert.equal(problem.type, `urn:holdfast:problem:${problem.code}`);
    assert.equal(problem.requestId, answer.headers['x-request-id']);
    assert.doesNotMatch(answer.body, /\n\s+at |node_modules|\.ts:\d/);
  }
  for (const [url, status] of [
    ['/nothing', 404],
    ['/%zz', 400],
  ] as const) {
    const answer = await app.inject(url);
    assert.equal(answer.statusCode, status);
    assert.equal(answer.json().status, status);
  }
});

/** Counts what costs time. */
function countingHasher(): { readonly hasher: PasswordHasher; readonly calls: string[] } {
  const inner = createPasswordHasher();
  const calls: string[] = [];
  const hasher: PasswordHasher = {
    needsRehash: inner.needsRehash,
    hash: password => {
      calls.push('hash');
      return inner.hash(password);
    },
    verify: (stored, password) => {
      calls.push('verify');
      return inner.verify(stored, password);
    },
  };
  return { hasher, calls };
}

const ROUNDS = 15;

test('40: an unknown user and a wrong password get the same answer for the same work', async t => {
  const { hasher, calls } = countingHasher();
  const { app, people } = await testApp(t, { hasher });
  const { email } = await people.account();
  const attempt = async (address: string) => {
    const startedAt = performance.now();
    const body = { email: address, password: 'not the password' };
    const answer = await call(app, 'login', { body, headers: { 'x-request-id': 'same' } });
    return { answer, ms: performance.now() - startedAt, work: calls.splice(0) };
  };
  const times: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] };
  await attempt(email);
  for (let round = 0; round < ROUNDS; round += 1) {
    const known = await attempt(email);
    const unknown = await attempt(`${newId()}@example.com`);
    assert.deepEqual([known.answer.status, known.answer.body], [401, unknown.answer.body]);
    assert.equal(unknown.answer.status, 401);
    assert.deepEqual(Object.keys(known.answer.headers), Object.keys(unknown.answer.headers));
    assert.deepEqual([known.work, unknown.work], [['verify'], ['verify']]);
    times.known.push(known.ms);
    times.unknown.push(unknown.ms);
  }
  const median = (values: number[]): number => values.toSorted((a, b) => a - b)[ROUNDS >> 1] ?? 0;
  const [known, unknown] = [median(times.known), median(times.unknown)];
  const difference = ((unknown - known) / known) * 100;
  t.diagnostic(
    `medians: known ${known.toFixed(1)} ms, unknown ${unknown.toFixed(1)} ms (${difference.toFixed(1)}%)`,
  );
});

test('44: no kind of environment and no header takes the place of a token', async t => {
  const guarded = (Object.keys(operations) as OperationId[]).filter(id => operations[id].access !== 'public');
  assert.ok(guarded.length >= 30);
  const first = await testApp(t);
  const { keyring, database } = first;
  const admin = await first.people.person(['admin', 'user']);
  const headers: Record<string, string> = {
    'x-user-id': admin.userId,
    'x-session-id': admin.sessionId,
    'x-forwarded-user': admin.email,
    'x-holdfast-test': '1',
    authorization: `Basic ${btoa(`${admin.email}:${PASSWORD}`)}`,
    cookie: `session=${admin.sessionId}; hf_access=${admin.accessToken}`,
  };
  for (const NODE_ENV of ['development', 'test', 'production']) {
    const { app } = await testApp(t, { keyring, database, values: { NODE_ENV } });
    for (const id of guarded) {
      const names = [...operations[id].path.matchAll(/\{(\w+)\}/g)].map(match => match[1] ?? '');
      const params = Object.fromEntries(names.map(name => [name, newId()]));
      const answer = await call(app, id, { params, headers });
      assert.deepEqual([answer.status, problemOf(answer).code], [401, 'token_missing'], `${NODE_ENV} ${id}`);
    }
  }
});
