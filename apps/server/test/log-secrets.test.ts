import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId } from '@holdfast/core';
import { PASSWORD } from './support/people.ts';
import { call } from './support/requests.ts';
import { testApp } from './support/test-app.ts';

test('neither passwords nor tokens are ever logged', async t => {
  const { app, log, pool } = await testApp(t, { values: { HOLDFAST_LOG_LEVEL: 'trace' } });
  const email = `${newId()}@example.com`;
  const wrong = 'a wrong password nobody logs';
  const next = 'the next passphrase, a secret too';
  await call(app, 'register', { body: { email, password: PASSWORD } });
  await call(app, 'login', { body: { email, password: wrong } });
  await call(app, 'login', { body: { email, password: PASSWORD, surprise: wrong } });
  const login = JSON.parse((await call(app, 'login', { body: { email, password: PASSWORD } })).body);
  const { accessToken, refreshToken } = login;
  const cookie = 'session=a-cookie-that-is-secret';
  await call(app, 'getMe', { token: accessToken, headers: { cookie } });
  await call(app, 'getMe', { token: `${accessToken}x` });
  await call(app, 'patchMe', { token: accessToken, body: { currentPassword: PASSWORD, newPassword: next } });
  const refreshed = JSON.parse((await call(app, 'refresh', { body: { refreshToken } })).body);
  await call(app, 'refresh', { body: { refreshToken: `${refreshToken}x` } });
  await call(app, 'validateToken', { body: { token: accessToken } });
  await app.inject(`/nowhere?access_token=${accessToken}&token=${refreshToken}`);
  await app.inject(`/nowhere/${accessToken}/${refreshToken}`);
  await call(app, 'logout', { body: { refreshToken: refreshed.refreshToken } });
  // also when things fail: the pool is closed, so every statement does
  await pool.close();
  await call(app, 'login', { body: { email, password: PASSWORD } });
  await call(app, 'refresh', { body: { refreshToken } });
  const text = log.text();
  assert.ok(log.lines().length >= 15, 'there is a log to look at');
  for (const secret of [
    PASSWORD,
    wrong,
    next,
    cookie,
    accessToken,
    refreshToken,
    refreshed.accessToken,
    refreshed.refreshToken,
    String(accessToken).split('.')[2] ?? '',
  ]) {
    assert.ok(secret.length > 10);
    assert.ok(!text.includes(secret), `the log holds ${secret}`);
  }
});

test('a request is one line that says who, what and how it went', async t => {
  const { app, log, people } = await testApp(t);
  const { accessToken: token, userId } = await people.person();
  const before = log.lines().length;
  await call(app, 'revokeMySession', {
    token,
    params: { sessionId: newId() },
    headers: { 'x-request-id': 'mine-1' },
  });
  const [line, ...more] = log
    .lines()
    .slice(before)
    .filter(({ msg }) => msg === 'request');
  assert.deepEqual(more, []);
  const { durationMs, time: _time, pid: _pid, ...rest } = line ?? {};
  assert.equal(typeof durationMs, 'number');
  assert.deepEqual(rest, {
    level: 'info',
    name: 'server',
    requestId: 'mine-1',
    method: 'DELETE',
    route: '/api/v1/users/me/sessions/:sessionId',
    status: 404,
    userId,
    code: 'not_found',
    msg: 'request',
  });
});

test('a failure of the server is logged with its cause, and not told', async t => {
  const { app, log, pool, people } = await testApp(t);
  const { accessToken: token } = await people.person();
  await pool.close();
  const response = await call(app, 'getMyProfile', { token });
  assert.equal(response.status, 503);
  assert.doesNotMatch(response.body, /pool|closed|postgres/i);
  const line = log.lines().find(({ msg, status }) => msg === 'request' && status === 503);
  assert.equal(line?.level, 'warn');
  assert.match(String(line?.reason), /^The database is not available: .*pool/);
});
