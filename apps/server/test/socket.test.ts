import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ACCESS_COOKIE, SOCKET_CLOSE, SOCKET_MAX_MESSAGE_BYTES } from '@holdfast/contract';
import { systemClock } from '@holdfast/core';
import { type Pair, skewedClock, startPair } from './support/replicas.ts';
import { bearerProtocols, openSocket, type SocketClient } from './support/socket-client.ts';

const authenticate = (token: string) => ({ type: 'authenticate', token });

async function badToken(pair: Pair, spoilt: 'expired' | 'foreign' | 'malformed'): Promise<string> {
  const { userId, sessionId } = await pair.people.person();
  const subject = { userId, sessionId, clientId: 'test', roles: [], amr: [] };
  if (spoilt === 'malformed') return 'not.a.token';
  const { token } = await pair.people.accessTokens.issue(subject, Date.now() - 86_400_000);
  return spoilt === 'expired' ? token : `${token.slice(0, -4)}AAAA`;
}

async function assertClosed(
  socket: SocketClient,
  code: number,
  before: readonly string[] = [],
): Promise<void> {
  assert.equal(await socket.closed, code);
  assert.deepEqual(
    socket.messages.map(({ type }) => type),
    before,
  );
}

test('a token opens a connection as subprotocol, header, first message, URL or cookie', async t => {
  const pair = await startPair(t);
  const { accessToken, sessionId } = await pair.people.person();
  const origin = pair.a.url;
  const ways = {
    subprotocol: { protocols: bearerProtocols(accessToken) },
    header: { headers: { authorization: `Bearer ${accessToken}` } },
    url: { path: `/ws?token=${accessToken}` },
    cookie: { headers: { cookie: `${ACCESS_COOKIE}=${accessToken}`, origin } },
    message: { protocols: ['holdfast.v1'] },
  };
  for (const [way, request] of Object.entries(ways)) {
    const socket = await openSocket(pair.a.url, request);
    if (way === 'message') socket.send(authenticate(accessToken));
    const ready = await socket.message('ready');
    assert.ok(ready.type === 'ready' && ready.sessionId === sessionId, way);
    assert.ok(Date.parse(ready.expiresAt) > Date.now());
    assert.equal(socket.protocol, 'protocols' in request ? 'holdfast.v1' : '');
    socket.send({ type: 'ping', id: 'seven' });
    assert.deepEqual(await socket.message('pong'), { type: 'pong', id: 'seven' });
    socket.close();
    await socket.closed;
  }
  const text = pair.a.log.text();
  assert.ok(text.includes('"route":"/ws"') || text.includes('listening'), 'the log was captured');
  assert.ok(
    !text.includes(accessToken) && !text.includes(accessToken.split('.')[2] ?? ''),
    'no token in a log',
  );
});

test('41: no token, a bad one or an expired one is closed with 4401 before any data', async t => {
  const pair = await startPair(t);
  for (const spoilt of ['malformed', 'foreign', 'expired'] as const) {
    const token = await badToken(pair, spoilt);
    const ways = [{ protocols: bearerProtocols(token) }, { path: `/ws?token=${token}` }, {}];
    for (const [index, request] of ways.entries()) {
      const socket = await openSocket(pair.b.url, request);
      if (index === 2) socket.send(authenticate(token));
      await assertClosed(socket, SOCKET_CLOSE.unauthenticated);
    }
    assert.ok(!pair.b.log.text().includes(token), spoilt);
  }
  const { userId, sessionId } = await pair.people.person();
  const subject = { userId, sessionId, clientId: 'test', roles: [], amr: [] };
  const justNow = await pair.people.accessTokens.issue(subject, Date.now() - 905_000);
  const late = await openSocket(pair.b.url, { protocols: bearerProtocols(justNow.token) });
  await assertClosed(late, SOCKET_CLOSE.unauthenticated);
  for (const first of [{ type: 'ping' }, 'no JSON', { type: 'authenticate' }]) {
    const socket = await openSocket(pair.b.url);
    socket.send(first);
    await assertClosed(socket, SOCKET_CLOSE.unauthenticated);
  }
});

test("another site's page gets nowhere with our cookies", async t => {
  const pair = await startPair(t);
  const { accessToken } = await pair.people.person();
  const headers = { cookie: `${ACCESS_COOKIE}=${accessToken}`, origin: 'https://evil.example' };
  const socket = await openSocket(pair.a.url, { headers });
  socket.send({ type: 'ping' });
  await assertClosed(socket, SOCKET_CLOSE.unauthenticated);
});

test('who says nothing is closed with 4408', async t => {
  let ahead = 0;
  const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + ahead };
  const pair = await startPair(t, {}, { a: { clock } });
  const socket = await openSocket(pair.a.url);
  ahead = 5_001;
  await assertClosed(socket, SOCKET_CLOSE.authenticationTimeout);
});

test('42: a connection is renewed without being made again, and ends when it is not', async t => {
  const pair = await startPair(t, { HOLDFAST_ACCESS_TOKEN_TTL: '10s' });
  const person = await pair.people.person();
  const idle = await openSocket(pair.b.url, { protocols: bearerProtocols(person.accessToken) });
  const socket = await openSocket(pair.a.url, { protocols: bearerProtocols(person.accessToken) });
  await socket.message('ready');
  await socket.message('expiring');
  const body = { refreshToken: person.refreshToken };
  const answer = JSON.parse((await pair.b.call('refresh', { body })).body);
  socket.send(authenticate(answer.accessToken));
  const [first, second] = [await socket.message('ready'), await socket.message('ready', 1)];
  assert.ok(first.type === 'ready' && second.type === 'ready' && second.expiresAt > first.expiresAt);
  await assertClosed(idle, SOCKET_CLOSE.unauthenticated, ['ready', 'expiring']);
  socket.send({ type: 'ping' });
  await socket.message('pong');
  const stranger = await pair.people.person();
  socket.send(authenticate(stranger.accessToken));
  assert.equal(await socket.closed, SOCKET_CLOSE.unauthenticated, 'a connection belongs to one session');
});

test('43: the connections of a revoked session are closed with 4403 at every replica', async t => {
  const pair = await startPair(t);
  const person = await pair.people.person();
  const other = await pair.people.signIn({ id: person.userId, email: person.email });
  const protocols = bearerProtocols(person.accessToken);
  const sockets = await Promise.all(
    [pair.a, pair.b, pair.b].map(({ url }) => openSocket(url, { protocols })),
  );
  const kept = await openSocket(pair.b.url, { protocols: bearerProtocols(other.accessToken) });
  await Promise.all([...sockets, kept].map(socket => socket.message('ready')));
  const startedAt = performance.now();
  const body = { refreshToken: person.refreshToken };
  assert.equal((await pair.a.call('logout', { body })).status, 204);
  for (const socket of sockets) await assertClosed(socket, SOCKET_CLOSE.sessionRevoked, ['ready']);
  t.diagnostic(`closed everywhere ${Math.round(performance.now() - startedAt)} ms after the request`);
  kept.send({ type: 'ping' });
  await kept.message('pong');
  const late = await openSocket(pair.b.url, { protocols });
  await assertClosed(late, SOCKET_CLOSE.sessionRevoked);
});

test('messages are bounded in form, size and number', async t => {
  const pair = await startPair(t);
  const { accessToken } = await pair.people.person();
  const open = async (): Promise<SocketClient> => {
    const socket = await openSocket(pair.a.url, { protocols: bearerProtocols(accessToken) });
    await socket.message('ready');
    return socket;
  };
  for (const message of ['no JSON', '[]', { type: 'ping', extra: 1 }, { type: 'constructor' }]) {
    const socket = await open();
    socket.send(message);
    await assertClosed(socket, SOCKET_CLOSE.malformed, ['ready']);
  }
  const large = await open();
  large.send('x'.repeat(SOCKET_MAX_MESSAGE_BYTES + 1));
  assert.equal(await large.closed, SOCKET_CLOSE.tooLarge);
  const hasty = await open();
  for (let count = 0; count < 100; count += 1) hasty.send({ type: 'ping' });
  assert.equal(await hasty.closed, SOCKET_CLOSE.tooManyMessages);
  assert.ok(hasty.messages.length <= 40, String(hasty.messages.length));
});

test('a server that stops says goodbye with 1001', async t => {
  const pair = await startPair(t);
  const { accessToken } = await pair.people.person();
  const socket = await openSocket(pair.a.url, { protocols: bearerProtocols(accessToken) });
  const silent = await openSocket(pair.a.url);
  await socket.message('ready');
  await pair.a.server.close();
  await assertClosed(socket, SOCKET_CLOSE.goingAway, ['ready']);
  await assertClosed(silent, SOCKET_CLOSE.goingAway);
});

test('the clock of a replica that is 5 minutes off closes nobody', async t => {
  const pair = await startPair(
    t,
    { HOLDFAST_ACCESS_TOKEN_TTL: '60s' },
    { a: { clock: skewedClock(300_000) } },
  );
  const { accessToken } = await pair.people.person();
  const socket = await openSocket(pair.a.url, { protocols: bearerProtocols(accessToken) });
  await socket.message('ready');
  socket.send({ type: 'ping' });
  await socket.message('pong');
});

test('plain HTTP is told to upgrade, and no other path does', async t => {
  const pair = await startPair(t);
  const plain = await fetch(new URL('/ws?token=secret-in-the-url', pair.a.url));
  assert.equal(plain.status, 426);
  assert.equal(plain.headers.get('upgrade'), 'websocket');
  assert.match(await plain.text(), /"code":"upgrade_required"/);
  for (const path of ['/health', '/api/v1/users/me', '/nothing', '/ws/']) {
    await elsewhere(t, pair, `${path}?token=secret-in-the-url`);
  }
  assert.ok(!pair.a.log.text().includes('secret-in-the-url'));
});

async function elsewhere(_: TestContext, pair: Pair, path: string): Promise<void> {
  const socket = await openSocket(pair.a.url, { path });
  await assertClosed(socket, 1_006);
}
