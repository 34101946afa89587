import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listAudit } from '@holdfast/auth';
import { newId, systemClock } from '@holdfast/core';
import { decodeJwt } from 'jose';
import { PASSWORD } from './support/people.ts';
import { call } from './support/requests.ts';
import { testApp } from './support/test-app.ts';

test('a sensitive change asks for the password again, which is good for five minutes', async t => {
  let ahead = 0;
  const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + ahead };
  const { app, people, pool } = await testApp(t, { clock });
  const admin = await people.person(['admin', 'user']);
  const victim = await people.person();
  const change = async (token: string) => {
    const body = { email: `${newId()}@example.com` };
    const answer = await call(app, 'patchUser', { token, params: { userId: victim.userId }, body });
    return { status: answer.status, challenge: answer.headers['www-authenticate'], body: answer.body };
  };
  assert.equal((await change(admin.accessToken)).status, 200, 'a login is recent');
  const refreshed = JSON.parse(
    (await call(app, 'refresh', { body: { refreshToken: admin.refreshToken } })).body,
  );
  const stale = await change(refreshed.accessToken);
  assert.equal(stale.status, 401);
  assert.match(stale.body, /recent_authentication_required/);
  assert.match(String(stale.challenge), /error="insufficient_user_authentication", max_age=300/);
  const token = refreshed.accessToken;
  const harmless = { token, params: { userId: victim.userId }, body: { displayName: 'Ada' } };
  assert.equal((await call(app, 'patchUser', harmless)).status, 200, 'other members need no step-up');
  const wrong = await call(app, 'stepUp', { token, body: { password: 'a guess' } });
  assert.match(wrong.body, /invalid_credentials/);
  const stepped = JSON.parse((await call(app, 'stepUp', { token, body: { password: PASSWORD } })).body);
  assert.deepEqual([stepped.tokenType, stepped.recentFor], ['Bearer', 300]);
  const claims = decodeJwt(stepped.accessToken);
  assert.deepEqual([claims.sid, claims.amr], [admin.sessionId, ['pwd']]);
  assert.ok(Math.abs(Number(claims.auth_time) - Number(claims.iat)) <= 1);
  assert.equal((await change(stepped.accessToken)).status, 200);
  const events = await listAudit(pool, { action: 'session.stepped_up', limit: 5 });
  assert.deepEqual(
    events.map(({ subjectId, actorId }) => [subjectId, actorId]),
    [[admin.sessionId, admin.userId]],
  );
  ahead = 301_000;
  assert.match((await change(stepped.accessToken)).body, /recent_authentication_required/);
});

test('a session that has ended cannot step up', async t => {
  const { app, people } = await testApp(t);
  const person = await people.person();
  await people.sessions.end(person.refreshToken, { type: 'system', id: null });
  const answer = await call(app, 'stepUp', { token: person.accessToken, body: { password: PASSWORD } });
  assert.deepEqual([answer.status, JSON.parse(answer.body).code], [401, 'session_revoked']);
});

test('the session list tells device, address and last use', async t => {
  const { app, people } = await testApp(t);
  const { email } = await people.account();
  const agent = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0';
  const headers = { 'user-agent': agent };
  const body = { email, password: PASSWORD };
  const login = JSON.parse((await call(app, 'login', { body, headers })).body);
  const list = async () =>
    JSON.parse((await call(app, 'listMySessions', { token: login.accessToken })).body).items;
  const [session] = await list();
  assert.deepEqual(
    [session.device, session.userAgent, session.address, session.current, session.lastUsedAt],
    ['Firefox on Windows', agent, '127.0.0.1', true, session.createdAt],
  );
  await call(app, 'refresh', { body: { refreshToken: login.refreshToken } });
  const [used] = await list();
  assert.ok(used.lastUsedAt > session.lastUsedAt);
});

test('the least recently used session ends beyond the limit', async t => {
  const { app, people } = await testApp(t, { values: { HOLDFAST_SESSION_LIMIT: '2' } });
  const { email } = await people.account();
  const login = async () =>
    JSON.parse((await call(app, 'login', { body: { email, password: PASSWORD } })).body);
  const [first, second] = [await login(), await login()];
  await call(app, 'refresh', { body: { refreshToken: first.refreshToken } });
  const third = await login();
  const refreshed = async (tokens: { refreshToken: string }) =>
    (await call(app, 'refresh', { body: { refreshToken: tokens.refreshToken } })).status;
  assert.deepEqual(
    [await refreshed(first), await refreshed(second), await refreshed(third)],
    [200, 401, 200],
  );
});
