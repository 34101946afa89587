import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ensureKeyring } from '@holdfast/auth/tokens';
import { ACCESS_COOKIE, CSRF_COOKIE, SOCKET_CLOSE } from '@holdfast/contract';
import { newId, type ParsedSettings, parseSettings, systemClock } from '@holdfast/core';
import { startKeeper } from '@holdfast/keeper/start';
import { createLogger, startServer } from '@holdfast/server';
import { testDatabase, throwawayHome } from '@holdfast/testing';

function settingsOf(values: Readonly<Record<string, string>>): ParsedSettings {
  return parseSettings([{ origin: 'test', values: { NODE_ENV: 'test', ...values } }]);
}

/** A server, and a keeper before it that somebody else's supervisor would run. @returns where clients connect. */
async function startBoth(t: TestContext): Promise<string> {
  const database = await testDatabase(t);
  const [{ home }, { home: keeperHome }] = [await throwawayHome(t), await throwawayHome(t)];
  await ensureKeyring(home, systemClock);
  const values = { DATABASE_URL: database.url, HOLDFAST_TRUST_PROXY: '127.0.0.1' };
  const logger = createLogger({ level: 'silent' });
  const server = await startServer({ settings: settingsOf(values).settings, home, port: 0, logger });
  t.after(() => server.close());
  const configuration = settingsOf({ ...values, HOLDFAST_API_URL: server.url, HOLDFAST_PORT: '0' });
  const keeper = await startKeeper({
    configuration,
    home: keeperHome,
    mode: { kind: 'alone' },
    version: 'test',
  });
  t.after(() => keeper.stop());
  return keeper.url;
}

function post(
  url: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(new URL(path, url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

/** What a client of the socket saw: the types of the messages, and the code of the close. */
function watch(url: string, protocols: readonly string[]) {
  const socket = new WebSocket(new URL('/ws', url.replace(/^http/, 'ws')), [...protocols]);
  const types: string[] = [];
  const first = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<number>();
  socket.addEventListener('message', ({ data }) => {
    types.push((JSON.parse(String(data)) as { type: string }).type);
    first.resolve();
  });
  socket.addEventListener('close', ({ code }) => closed.resolve(code));
  return { socket, types, first: first.promise, closed: closed.promise };
}

test('sockets, cookies and OAuth pass through the keeper', async t => {
  const url = await startBoth(t);
  const account = { email: `${newId()}@example.com`, password: 'guard dense orbit lunch' };
  assert.equal((await post(url, '/api/v1/auth/register', account)).status, 201);
  const login = (await (await post(url, '/api/v1/auth/login', account)).json()) as {
    accessToken: string;
    refreshToken: string;
  };
  await t.test('a socket authenticates, and is told when its session ends', async () => {
    const bad = watch(url, ['holdfast.v1', 'bearer.not.a.token']);
    assert.deepEqual([await bad.closed, bad.types], [SOCKET_CLOSE.unauthenticated, []]);
    const good = watch(url, ['holdfast.v1', `bearer.${login.accessToken}`]);
    await good.first;
    assert.equal(good.socket.protocol, 'holdfast.v1');
    const { refreshToken } = login;
    assert.equal((await post(url, '/api/v1/auth/logout', { refreshToken })).status, 204);
    assert.deepEqual([await good.closed, good.types], [SOCKET_CLOSE.sessionRevoked, ['ready']]);
  });
  await t.test('a page of the keeper signs in by cookie and changes something', async () => {
    const page = { origin: new URL(url).origin };
    const answer = await post(url, '/api/v1/auth/login', { ...account, cookies: true }, page);
    assert.equal(answer.status, 200);
    const jar = new Map(
      answer.headers.getSetCookie().map(line => (line.split(';')[0] ?? '').split('=') as [string, string]),
    );
    const csrf = jar.get(CSRF_COOKIE) ?? '';
    const cookie = [ACCESS_COOKIE, CSRF_COOKIE].map(name => `${name}=${jar.get(name)}`).join('; ');
    const change = (headers: Record<string, string>) =>
      fetch(new URL('/api/v1/users/me/profile', url), {
        method: 'PATCH',
        headers: { 'content-type': 'application/json', cookie, ...headers },
        body: '{"bio":"through the keeper"}',
      });
    assert.equal((await change({ ...page, 'x-csrf-token': csrf })).status, 200);
    assert.equal((await change({ origin: 'https://evil.example', 'x-csrf-token': csrf })).status, 403);
  });
  await t.test('the OAuth endpoints are where the metadata says', async () => {
    const metadata = (await (
      await fetch(new URL('/.well-known/oauth-authorization-server', url))
    ).json()) as Record<string, string>;
    assert.equal(metadata.introspection_endpoint, `${url}/oauth2/introspect`);
    const refused = await fetch(metadata.introspection_endpoint, {
      method: 'POST',
      body: new URLSearchParams({ token: 'x' }),
    });
    assert.equal(refused.status, 401);
    assert.equal(((await refused.json()) as { error: string }).error, 'invalid_client');
  });
});
