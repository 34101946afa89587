import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { SOCKET_CLOSE } from '@holdfast/contract';
import { HoldfastError, systemClock } from '@holdfast/core';
import type { Pool, SqlQuery } from '@holdfast/postgres';
import { eventually } from '@holdfast/testing';
import { startRedis } from './support/redis.ts';
import { call } from './support/requests.ts';
import { bearerProtocols, openSocket } from './support/socket-client.ts';
import { type TestApp, testApp } from './support/test-app.ts';

/** Nobody listens there: the replica cannot LISTEN. */
const NOWHERE = 'postgresql://nobody:nothing@127.0.0.1:1/none';

interface CutOff extends TestApp {
  /** Lets time pass without a word from the feed. */
  wait(ms: number): void;
  loseDatabase(): void;
}

/** A replica that hears nothing of revocations any more, although it can ask the database. */
async function cutOff(t: TestContext, main: TestApp, values: Record<string, string> = {}): Promise<CutOff> {
  const { database, keyring } = main;
  const state = { cut: false, gone: false, ahead: 0 };
  const unavailable = () =>
    Promise.reject(new HoldfastError('database_unavailable', 'gone', { retryAfter: 1 }));
  const guarded =
    <T>(run: (query: SqlQuery<T>) => Promise<unknown>) =>
    (query: SqlQuery<T>) =>
      state.gone || (state.cut && query.name === 'sessions_revoked_since') ? unavailable() : run(query);
  const { query, many, one, maybeOne, execute } = database.pool;
  const pool = {
    ...database.pool,
    query: guarded(query),
    many: guarded(many),
    one: guarded(one),
    maybeOne: guarded(maybeOne),
    execute: guarded(execute as unknown as typeof query),
  } as Pool;
  const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + state.ahead };
  const test = await testApp(t, {
    database,
    keyring,
    pool,
    clock,
    values: { DATABASE_URL: NOWHERE, ...values },
  });
  state.cut = true;
  return {
    ...test,
    wait: ms => {
      state.ahead += ms;
    },
    loseDatabase: () => {
      state.gone = true;
    },
  };
}

const statusAt = async ({ app }: TestApp, token: string): Promise<string> => {
  const answer = await call(app, 'patchMyProfile', { token, body: { bio: 'x' } });
  const code = answer.status === 200 ? '' : ` ${JSON.parse(answer.body).code}`;
  return `${answer.status}${code}`;
};

test('a replica that is cut off from the feed for over 10 s asks the database for each request, and answers 503 without it', async t => {
  const main = await testApp(t);
  const replica = await cutOff(t, main);
  const [person, revoked] = [await main.people.person(), await main.people.person()];
  await call(main.app, 'logout', { body: { refreshToken: revoked.refreshToken } });
  await eventually(async () => (await statusAt(main, revoked.accessToken)) === '401 session_revoked');
  assert.equal(await statusAt(replica, revoked.accessToken), '200', 'the bound is 10 s, not 0');
  replica.wait(10_001);
  assert.equal(await statusAt(replica, revoked.accessToken), '401 session_revoked');
  assert.equal(await statusAt(replica, person.accessToken), '200');
  replica.loseDatabase();
  for (const { accessToken } of [person, revoked]) {
    const answer = await call(replica.app, 'getMe', { token: accessToken });
    assert.equal(answer.status, 503);
    assert.ok(Number(answer.headers['retry-after']) >= 1);
  }
});

test('its connections are closed likewise: 4403 for an ended session, 4503 when nobody knows', async t => {
  const main = await testApp(t);
  const replica = await cutOff(t, main);
  const [person, revoked] = [await main.people.person(), await main.people.person()];
  await replica.app.listen({ port: 0, host: '127.0.0.1' });
  const url = `http://127.0.0.1:${(replica.app.server.address() as AddressInfo).port}`;
  const [kept, ended] = await Promise.all(
    [person, revoked].map(({ accessToken }) => openSocket(url, { protocols: bearerProtocols(accessToken) })),
  );
  assert.ok(kept !== undefined && ended !== undefined);
  await Promise.all([kept.message('ready'), ended.message('ready')]);
  await call(main.app, 'logout', { body: { refreshToken: revoked.refreshToken } });
  replica.wait(10_001);
  assert.equal(await ended.closed, SOCKET_CLOSE.sessionRevoked);
  kept.send({ type: 'ping' });
  await kept.message('pong');
  replica.loseDatabase();
  assert.equal(await kept.closed, SOCKET_CLOSE.unavailable);
});

test('Redis is a second way for revocations, used after the commit', async t => {
  const redis = await startRedis(t);
  if (redis === undefined) return t.skip('neither valkey-server nor redis-server is installed');
  const values = { REDIS_URL: redis.url };
  const main = await testApp(t, { values });
  const replica = await cutOff(t, main, values);
  const admin = await main.people.person(['admin', 'user']);
  const [first, second] = [await main.people.person(), await main.people.person()];
  assert.equal(await statusAt(replica, first.accessToken), '200');
  // each replica subscribes in its own time, and an announcement without a listener is lost
  await eventually(async () => (await redis.subscribers()) >= 2);
  await call(main.app, 'logout', { body: { refreshToken: first.refreshToken } });
  await eventually(async () => (await statusAt(replica, first.accessToken)) === '401 session_revoked');
  const disabled = await call(main.app, 'disableUser', {
    token: admin.accessToken,
    params: { userId: second.userId },
  });
  assert.equal(disabled.status, 200);
  await eventually(async () => (await statusAt(replica, second.accessToken)) === '401 session_revoked');
  await redis.stop();
  const third = await main.people.person();
  const logout = await call(main.app, 'logout', { body: { refreshToken: third.refreshToken } });
  assert.equal(logout.status, 204, 'nothing depends on it');
  await eventually(async () => (await statusAt(main, third.accessToken)) === '401 session_revoked');
});
