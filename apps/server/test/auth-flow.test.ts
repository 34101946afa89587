import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId } from '@holdfast/core';
import { eventually } from '@holdfast/testing';
import { PASSWORD } from './support/people.ts';
import { call } from './support/requests.ts';
import { testApp } from './support/test-app.ts';

test('an unknown address and a wrong password get the same answer', async t => {
  const { app, people } = await testApp(t);
  const { email } = await people.account();
  const answers = [];
  for (const body of [
    { email, password: 'not the password' },
    { email: `${newId()}@example.com`, password: 'not the password' },
  ]) {
    const {
      status,
      headers,
      body: text,
    } = await call(app, 'login', { body, headers: { 'x-request-id': 'same' } });
    const { date: _date, ...others } = headers;
    answers.push({ status, headers: others, text });
  }
  assert.equal(answers[0]?.status, 401);
  assert.deepEqual(answers[0], answers[1]);
});

test('register, log in, read, refresh, validate, list and revoke sessions, log out', async t => {
  const { app } = await testApp(t);
  const email = `Ada.${newId()}@Example.com`;
  const registered = await call(app, 'register', { body: { email, password: PASSWORD, displayName: 'Ada' } });
  assert.equal(registered.status, 201, registered.body);
  const user = JSON.parse(registered.body);
  assert.deepEqual(
    [user.email, user.emailVerified, user.status, user.roles, user.lastLoginAt],
    [email, false, 'active', ['user'], null],
  );
  const body = { email: email.toLowerCase(), password: PASSWORD };
  const login = JSON.parse((await call(app, 'login', { body })).body);
  assert.equal(login.tokenType, 'Bearer');
  assert.ok(login.expiresIn > 890 && login.expiresIn <= 900, String(login.expiresIn));
  assert.ok(
    login.refreshExpiresIn > 604_790 && login.refreshExpiresIn <= 604_800,
    String(login.refreshExpiresIn),
  );
  assert.equal(login.user.id, user.id);
  assert.notEqual(login.user.lastLoginAt, null);

  const token = login.accessToken;
  const me = JSON.parse((await call(app, 'getMe', { token })).body);
  assert.deepEqual(me, login.user);
  const state = JSON.parse((await call(app, 'validateToken', { token })).body);
  assert.deepEqual(
    [state.active, state.sub, state.client_id, state.roles],
    [true, user.id, 'default', ['user']],
  );

  const other = JSON.parse((await call(app, 'login', { body: { ...body, clientId: 'phone' } })).body);
  const { items } = JSON.parse((await call(app, 'listMySessions', { token })).body);
  assert.deepEqual(
    items.map((item: { clientId: string; current: boolean }) => [item.clientId, item.current]).sort(),
    [
      ['default', true],
      ['phone', false],
    ],
  );
  const phone = items.find((item: { current: boolean }) => !item.current);
  assert.equal((await call(app, 'revokeMySession', { token, params: { sessionId: phone.id } })).status, 204);
  assert.equal((await call(app, 'getMe', { token: other.accessToken })).status, 401);
  assert.equal((await call(app, 'revokeMySession', { token, params: { sessionId: phone.id } })).status, 404);

  const refreshed = JSON.parse(
    (await call(app, 'refresh', { body: { refreshToken: login.refreshToken } })).body,
  );
  assert.notEqual(refreshed.refreshToken, login.refreshToken);
  const again = JSON.parse((await call(app, 'refresh', { body: { refreshToken: login.refreshToken } })).body);
  assert.equal(again.refreshToken, refreshed.refreshToken, 'a repeated refresh gives the same successor');

  const logout = { body: { refreshToken: refreshed.refreshToken } };
  assert.equal((await call(app, 'logout', logout)).status, 204);
  assert.equal((await call(app, 'logout', logout)).status, 204, 'once more is fine');
  assert.equal((await call(app, 'getMe', { token: refreshed.accessToken })).status, 401);
  const late = await call(app, 'refresh', { body: { refreshToken: refreshed.refreshToken } });
  assert.equal(JSON.parse(late.body).code, 'session_revoked');
});

test('logout with the access token ends its session; a new password ends the others', async t => {
  const { app, people } = await testApp(t);
  const account = await people.account();
  const [first, second, third] = await Promise.all([1, 2, 3].map(() => people.signIn(account)));
  assert.ok(first && second && third);
  assert.equal((await call(app, 'logout', { token: first.accessToken })).status, 204);
  assert.equal((await call(app, 'getMe', { token: first.accessToken })).status, 401);
  const body = { currentPassword: PASSWORD, newPassword: 'quite another passphrase' };
  assert.equal((await call(app, 'patchMe', { token: second.accessToken, body })).status, 200);
  assert.equal((await call(app, 'getMe', { token: second.accessToken })).status, 200);
  assert.equal((await call(app, 'getMe', { token: third.accessToken })).status, 401);
  // also where the database is not asked
  await eventually(
    async () => (await call(app, 'listMySessions', { token: third.accessToken })).status === 401,
  );
  const { email } = account;
  assert.equal((await call(app, 'login', { body: { email, password: PASSWORD } })).status, 401);
  assert.equal((await call(app, 'login', { body: { email, password: body.newPassword } })).status, 200);
});

test('the profile: absent members stay, null clears, nothing else is taken', async t => {
  const { app, people } = await testApp(t);
  const { accessToken: token } = await people.person();
  const change = async (body: unknown) =>
    JSON.parse((await call(app, 'patchMyProfile', { token, body })).body);
  assert.equal((await change({ displayName: 'Ada 👩‍💻', bio: 'Hello' })).displayName, 'Ada 👩‍💻');
  const cleared = await change({ bio: null });
  assert.deepEqual([cleared.bio, cleared.displayName], [null, 'Ada 👩‍💻']);
  assert.deepEqual(JSON.parse((await call(app, 'getMyProfile', { token })).body), cleared);
  for (const [body, path] of [
    [{ bio: 1 }, '/body/bio'],
    [{ bio: 'a\u0000b' }, '/body/bio'],
    [{ displayName: '' }, '/body/displayName'],
    [{ displayName: '😀'.repeat(201) }, '/body/displayName'],
    [{ unknown: 'x' }, '/body/unknown'],
    [{}, '/body'],
    ['x', '/body'],
  ] as const) {
    const refused = await change(JSON.parse(JSON.stringify(body)) === 'x' ? '"x"' : body);
    assert.equal(refused.code, 'validation_failed');
    assert.equal(refused.errors[0].path, path, JSON.stringify(refused));
  }
  assert.equal(
    (await change({ displayName: '😀'.repeat(200) })).displayName,
    '😀'.repeat(200),
    'code points count',
  );
});
