import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateKeyring } from '@holdfast/auth';
import { systemClock } from '@holdfast/core';
import { findFreePort, testDatabase } from '@holdfast/testing';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as oidc from 'openid-client';
import { basicAuthorization, CLIENT, clientForm } from './support/oauth-client.ts';
import { createPeople, type People } from './support/people.ts';
import { type Replica, startReplica } from './support/replicas.ts';

interface System {
  readonly replica: Replica;
  readonly people: People;
}

/** A server whose issuer is where it listens, as discovery asks for. */
async function startSystem(t: Parameters<typeof startReplica>[0]): Promise<System & { issuer: string }> {
  const port = await findFreePort();
  const issuer = `http://127.0.0.1:${port}`;
  const database = await testDatabase(t);
  const keyring = generateKeyring(systemClock);
  const values = { HOLDFAST_PUBLIC_URL: issuer, HOLDFAST_PORT: String(port) };
  const replica = await startReplica(t, { database, keyring, values, port });
  return { replica, people: createPeople(database.pool, keyring, replica.settings), issuer };
}

const discover = (issuer: string, authentication?: oidc.ClientAuth) =>
  oidc.discovery(new URL(issuer), CLIENT.id, CLIENT.secret, authentication, {
    algorithm: 'oauth2',
    execute: [oidc.allowInsecureRequests],
  });

test('jose verifies access tokens by the published keys', async t => {
  const { people, issuer } = await startSystem(t);
  const person = await people.person();
  const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', issuer));
  const options = { issuer, audience: 'holdfast', typ: 'at+jwt', algorithms: ['EdDSA'] };
  const { payload } = await jwtVerify(person.accessToken, keys, options);
  assert.deepEqual([payload.sub, payload.sid], [person.userId, person.sessionId]);
  const [head, , signature] = person.accessToken.split('.');
  const forged = `${head}.${btoa(JSON.stringify({ ...payload, sub: 'me' }))}.${signature}`;
  await assert.rejects(jwtVerify(forged, keys, options));
});

test('openid-client introspects and revokes, with either way of authentication', async t => {
  const { replica, people, issuer } = await startSystem(t);
  for (const way of [oidc.ClientSecretPost(CLIENT.secret), oidc.ClientSecretBasic(CLIENT.secret)]) {
    const config = await discover(issuer, way);
    const person = await people.person();
    const access = await oidc.tokenIntrospection(config, person.accessToken);
    assert.equal(access.active, true);
    assert.deepEqual(
      [access.sub, access.sid, access.client_id],
      [person.userId, person.sessionId, CLIENT.id],
    );
    const refresh = await oidc.tokenIntrospection(config, person.refreshToken);
    assert.deepEqual([refresh.active, refresh.token_type], [true, 'refresh_token']);
    await oidc.tokenRevocation(config, person.refreshToken);
    assert.deepEqual(await oidc.tokenIntrospection(config, person.accessToken), { active: false });
    assert.deepEqual(await oidc.tokenIntrospection(config, person.refreshToken), { active: false });
    const answer = await replica.call('refresh', { body: { refreshToken: person.refreshToken } });
    assert.match(answer.body, /session_revoked/);
    const other = await people.person();
    await oidc.tokenRevocation(config, other.accessToken);
    assert.deepEqual(await oidc.tokenIntrospection(config, other.refreshToken), { active: false });
  }
});

test('22: revoking an unknown token is 200', async t => {
  const { replica, people } = await startSystem(t);
  const { accessToken, refreshToken } = await people.person();
  const tokens = ['nonsense', 'hf_rt_nonsense', `${refreshToken.slice(0, -4)}AAAA`, `${accessToken}x`];
  for (const token of [...tokens, refreshToken, refreshToken]) {
    const answer = await replica.call('revokeToken', clientForm({ token, token_type_hint: 'whatever' }));
    assert.deepEqual([answer.status, answer.body], [200, '']);
  }
});

test('23: introspection and revocation need a client', async t => {
  const { replica, people } = await startSystem(t);
  const { accessToken, refreshToken } = await people.person();
  const attempts: Record<string, string>[] = [
    {},
    { authorization: `Bearer ${accessToken}` },
    { authorization: basicAuthorization({ ...CLIENT, secret: '' }) },
    { authorization: basicAuthorization({ ...CLIENT, secret: `${CLIENT.secret} ` }) },
    { authorization: basicAuthorization({ id: 'nobody', secret: CLIENT.secret }) },
    { authorization: basicAuthorization({ id: '', secret: '' }) },
    { authorization: 'Basic !' },
  ];
  for (const headers of attempts) {
    for (const id of ['introspectToken', 'revokeToken'] as const) {
      const answer = await replica.call(id, { ...clientForm({ token: refreshToken }), headers });
      assert.equal(answer.status, 401, JSON.stringify(headers));
      assert.match(String(answer.headers['www-authenticate']), /^Basic /);
      assert.match(String(answer.headers['content-type']), /^application\/json/);
      assert.equal(JSON.parse(answer.body).error, 'invalid_client');
    }
  }
  assert.equal(
    (await replica.call('refresh', { body: { refreshToken } })).status,
    200,
    'nothing was revoked',
  );
});

test('24: of a token that is not good nothing is told but that', async t => {
  const { replica, people } = await startSystem(t);
  const person = await people.person();
  const subject = { ...person, clientId: 'test', roles: ['admin'], amr: ['pwd'] };
  const { token: expired } = await people.accessTokens.issue(subject, Date.now() - 86_400_000);
  const ended = await people.person();
  await people.sessions.end(ended.refreshToken, { type: 'system', id: null });
  for (const token of ['nonsense', expired, ended.accessToken, ended.refreshToken, 'hf_rt_x']) {
    const answer = await replica.call('introspectToken', clientForm({ token }));
    assert.deepEqual([answer.status, answer.body], [200, '{"active":false}']);
  }
});

test('a client cannot revoke what was issued to another one', async t => {
  const { replica, people } = await startSystem(t);
  const { accessToken, refreshToken } = await people.person();
  const account = await people.account();
  const body = { email: account.email, password: 'a perfectly fine passphrase', clientId: 'another' };
  const login = JSON.parse((await replica.call('login', { body })).body);
  for (const token of [login.accessToken, login.refreshToken]) {
    const answer = await replica.call('revokeToken', clientForm({ token }));
    assert.deepEqual([answer.status, JSON.parse(answer.body).error], [400, 'unauthorized_client']);
  }
  assert.equal(
    (await replica.call('refresh', { body: { refreshToken: login.refreshToken } })).status,
    200,
    'the session lives',
  );
  assert.ok(accessToken !== '' && refreshToken !== '');
});

test('the metadata names what there is (RFC 8414)', async t => {
  const { replica, issuer } = await startSystem(t);
  const metadata = JSON.parse((await replica.call('getAuthorizationServerMetadata')).body);
  assert.equal(metadata.issuer, issuer);
  for (const name of ['jwks_uri', 'revocation_endpoint', 'introspection_endpoint']) {
    assert.ok(metadata[name].startsWith(`${issuer}/`), name);
    assert.notEqual((await fetch(metadata[name], { method: 'OPTIONS' })).status, 404, name);
  }
});
