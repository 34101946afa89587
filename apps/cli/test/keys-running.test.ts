import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { JWKS_MAX_AGE_S } from '@holdfast/auth/tokens';
import { eventually, startStack } from '@holdfast/testing';
import { runHoldfastJson } from './run-command-line.ts';

const stack = await startStack();
after(() => stack.close());

interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

const email = 'ada@example.com';
const password = 'guard dense orbit lunch';
const keys = (...args: string[]) =>
  runHoldfastJson<{ current: string }>(['keys', ...args, '--home', stack.home], {
    DATABASE_URL: stack.cluster.appUrl,
  });

async function post(path: string, body: unknown): Promise<{ status: number; body: Tokens }> {
  const response = await fetch(`${stack.server.url}/api/v1/auth/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Tokens };
}

async function publishedKeys(): Promise<string[]> {
  const response = await fetch(`${stack.server.url}/.well-known/jwks.json`);
  assert.equal(response.headers.get('cache-control'), `public, max-age=${JWKS_MAX_AGE_S}`);
  return ((await response.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
}

function keyOf(token: string): string {
  const [header = ''] = token.split('.');
  return (JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string }).kid;
}

test('a running server follows every change of the keyring, and nobody is logged out', async () => {
  await post('register', { email, password });
  const { body: before } = await post('login', { email, password });
  const [first] = await publishedKeys();
  assert.equal(keyOf(before.accessToken), first);

  for (const use of ['sign', 'refresh', 'encrypt']) await keys('prepare', '--use', use);
  await eventually(async () => (await publishedKeys()).length === 2);

  const { result } = await keys('rotate', '--force');
  await keys('rotate', '--force', '--use', 'refresh');
  await eventually(async () => (await publishedKeys()).length === 3);
  const { status, body: renewed } = await post('refresh', { refreshToken: before.refreshToken });
  assert.equal(status, 200);
  assert.equal(keyOf(renewed.accessToken), result.current);
  for (const { accessToken } of [before, renewed]) {
    const headers = { authorization: `Bearer ${accessToken}` };
    assert.equal((await fetch(`${stack.server.url}/api/v1/users/me`, { headers })).status, 200);
  }

  assert.equal((await keys('revoke', String(first), '--yes')).code, 0);
  await eventually(async () => !(await publishedKeys()).includes(String(first)));
  const headers = { authorization: `Bearer ${before.accessToken}` };
  assert.equal((await fetch(`${stack.server.url}/api/v1/users/me`, { headers })).status, 401);
  assert.equal((await keys('check')).code, 0);
});
