import assert from 'node:assert/strict';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { isHoldfastError, newId } from '@holdfast/core';
import { sql } from '@holdfast/postgres';
import { PASSWORD } from './support/people.ts';
import { call } from './support/requests.ts';
import { type TestApp, testApp } from './support/test-app.ts';

/** Sends bytes as they are and reads until the server hangs up. */
async function raw(
  { app }: TestApp,
  bytes: string,
): Promise<{ head: string; problem: Record<string, unknown> }> {
  if (!app.server.listening) await app.listen({ port: 0, host: '127.0.0.1' });
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(bytes);
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
  return { head, problem: JSON.parse(body) as Record<string, unknown> };
}

test('unknown paths are 404, known paths under another method 405 with Allow', async t => {
  const { app } = await testApp(t);
  const cases = [
    ['GET', '/nowhere', 404, undefined],
    ['GET', '/api/v1/users', 404, undefined],
    ['GET', '/api/v1/users/me/', 404, undefined],
    ['GET', '/docs/static/nothing.js', 404, undefined],
    ['GET', '/docs/static/../../package.json', 404, undefined],
    ['DELETE', '/api/v1/users/me', 405, 'GET, HEAD, OPTIONS, PATCH'],
    ['GET', '/api/v1/auth/login', 405, 'OPTIONS, POST'],
    ['POST', '/openapi.json', 405, 'GET, HEAD, OPTIONS'],
    ['PUT', `/api/v1/admin/users/${newId()}?x=y`, 405, 'DELETE, GET, HEAD, OPTIONS, PATCH'],
  ] as const;
  for (const [method, url, status, allow] of cases) {
    const response = await app.inject({ method, url });
    assert.equal(response.statusCode, status, `${method} ${url}`);
    assert.equal(response.headers.allow, allow, `${method} ${url}`);
    assert.match(String(response.headers['content-type']), /^application\/problem\+json/);
    const problem = response.json();
    assert.deepEqual(
      [problem.status, problem.code],
      [status, status === 404 ? 'not_found' : 'method_not_allowed'],
    );
    assert.equal(problem.type, `urn:holdfast:problem:${problem.code}`);
  }
});

test('OPTIONS never asks who is calling', async t => {
  const { app } = await testApp(t);
  const response = await app.inject({ method: 'OPTIONS', url: '/api/v1/admin/users' });
  assert.equal(response.statusCode, 204);
  assert.equal(response.headers.allow, 'GET, HEAD, OPTIONS, POST');
});

test('HEAD answers as GET does, without the body', async t => {
  const { app, people } = await testApp(t);
  const { accessToken } = await people.person();
  const headers = { authorization: `Bearer ${accessToken}` };
  const response = await app.inject({ method: 'HEAD', url: '/api/v1/users/me', headers });
  assert.deepEqual([response.statusCode, response.body], [200, '']);
  assert.equal((await app.inject({ method: 'HEAD', url: '/api/v1/users/me' })).statusCode, 401);
});

test('what is no HTTP request is answered with a problem, too', async t => {
  const test = await testApp(t, { timeouts: { headersMs: 300, requestMs: 300, checkMs: 50 } });
  const cases = [
    [`GET / HTTP/1.1\r\nhost: x\r\nx-large: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
    [`GET /${'x'.repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, 431, 'headers_too_large'],
    ['NONSENSE\r\n\r\n', 400, 'invalid_request'],
    ['GET / HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n', 400, 'invalid_request'],
    [
      'POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
      400,
      'invalid_request',
    ],
    ['GET / HTTP/1.1\r\nhost: x\r\nx-slow: ', 408, 'request_timeout'],
  ] as const;
  for (const [bytes, status, code] of cases) {
    const { head, problem } = await raw(test, bytes);
    assert.match(head, new RegExp(`^HTTP/1\\.1 ${status} `), bytes.slice(0, 60));
    assert.match(head, /content-type: application\/problem\+json/);
    assert.match(head, /connection: close/);
    assert.deepEqual([problem.status, problem.code], [status, code]);
    assert.match(head, new RegExp(`x-request-id: ${String(problem.requestId)}`));
  }
});

test('a request id is taken over when it is sane, and is in the header, the problem and the log', async t => {
  const { app, log } = await testApp(t);
  const ask = async (id?: string) => {
    const response = await app.inject({
      url: '/nowhere',
      ...(id === undefined ? {} : { headers: { 'x-request-id': id } }),
    });
    assert.equal(response.headers['x-request-id'], response.json().requestId);
    return String(response.headers['x-request-id']);
  };
  assert.equal(await ask('trace-1.2:a/b=c'), 'trace-1.2:a/b=c');
  assert.ok(log.lines().some(({ requestId }) => requestId === 'trace-1.2:a/b=c'));
  for (const insane of [undefined, '', 'a b', 'a"b', '{}', 'é', 'x'.repeat(129)]) {
    const given = await ask(insane);
    assert.notEqual(given, insane);
    assert.match(given, /^[0-9a-f-]{36}$/);
  }
});

test('every answer has the security headers, whatever it is', async t => {
  const { app } = await testApp(t);
  for (const url of ['/health', '/nowhere', '/%zz', '/api/v1/users/me', '/docs', '/openapi.json']) {
    const { headers } = await app.inject(url);
    assert.equal(headers['x-content-type-options'], 'nosniff', url);
    assert.match(String(headers['strict-transport-security']), /max-age=\d{8}/, url);
    assert.match(String(headers['content-security-policy']), /default-src 'none'/, url);
    assert.ok(headers['x-frame-options'], url);
    assert.equal(headers['x-powered-by'], undefined);
  }
  assert.equal((await app.inject('/api/v1/users/me')).headers['cache-control'], 'no-store');
  assert.match(String((await app.inject('/.well-known/jwks.json')).headers['cache-control']), /max-age/);
});

test('listed origins may call with credentials, others may not', async t => {
  const { app } = await testApp(t, {
    values: { HOLDFAST_CORS_ORIGINS: 'https://app.example.com,https://b.example.com' },
  });
  const ask = (origin: string, method: 'GET' | 'OPTIONS' = 'GET') =>
    app.inject({
      method,
      url: '/api/v1/users/me',
      headers: { origin, ...(method === 'OPTIONS' ? { 'access-control-request-method': 'PATCH' } : {}) },
    });
  const allowed = await ask('https://app.example.com');
  assert.equal(allowed.statusCode, 401);
  assert.equal(allowed.headers['access-control-allow-origin'], 'https://app.example.com');
  assert.equal(allowed.headers['access-control-allow-credentials'], 'true');
  assert.match(String(allowed.headers.vary), /Origin/i);
  const preflight = await ask('https://b.example.com', 'OPTIONS');
  assert.equal(preflight.statusCode, 204);
  assert.equal(preflight.headers['access-control-allow-origin'], 'https://b.example.com');
  assert.match(String(preflight.headers['access-control-allow-methods']), /PATCH/);
  for (const origin of [
    'https://evil.example',
    'https://app.example.com.evil.example',
    'http://app.example.com',
    'null',
  ]) {
    for (const method of ['GET', 'OPTIONS'] as const) {
      assert.equal((await ask(origin, method)).headers['access-control-allow-origin'], undefined, origin);
    }
  }
});

test('without a list no origin is allowed', async t => {
  const { app } = await testApp(t);
  const { headers } = await app.inject({ url: '/health', headers: { origin: 'https://app.example.com' } });
  assert.equal(headers['access-control-allow-origin'], undefined);
});

test('operations without a body do not mind a content type, and read nothing', async t => {
  const { app, people } = await testApp(t);
  const { accessToken } = await people.person();
  for (const [type, payload] of [
    ['application/json', ''],
    ['application/json', '{"ignored":'],
    ['text/plain', 'ignored'],
  ] as const) {
    const response = await app.inject({
      method: 'DELETE',
      url: '/api/v1/users/me/sessions',
      headers: { authorization: `Bearer ${accessToken}`, 'content-type': type },
      payload,
    });
    assert.equal(response.statusCode, 200, response.body);
  }
});

test('only the query is coerced, and only to what its schema asks for', async t => {
  const { app, people } = await testApp(t);
  const { accessToken: token } = await people.person(['admin', 'user']);
  const roles = (query: Record<string, string>) => call(app, 'listRoles', { token, query });
  assert.equal(JSON.parse((await roles({ limit: '2' })).body).items.length, 2);
  assert.equal((await roles({ deleted: 'true' })).status, 200);
  for (const text of ['limit=two', 'limit=1.5', 'limit=', 'limit=201', 'deleted=1', 'other=x']) {
    const query = Object.fromEntries(new URLSearchParams(text));
    assert.equal((await roles(query)).status, 400, text);
  }
  const twice = await app.inject({
    url: '/api/v1/admin/roles?limit=1&limit=2',
    headers: { authorization: `Bearer ${token}` },
  });
  assert.equal(twice.statusCode, 400);
  const body = { email: 'a@example.com', emailVerified: 'true' };
  assert.equal((await call(app, 'createUser', { token, body })).status, 400);
});

test('lists are read page by page, each entry once', async t => {
  const { app, people } = await testApp(t);
  const { accessToken: token } = await people.person(['admin', 'user']);
  await Promise.all(Array.from({ length: 6 }, () => people.account()));
  for (const id of ['listUsers', 'listRoles', 'listPermissions'] as const) {
    const all = JSON.parse((await call(app, id, { token })).body);
    assert.equal(all.nextCursor, null);
    const paged: unknown[] = [];
    let cursor: string | null = null;
    do {
      const query: Record<string, string> = { limit: '2', ...(cursor === null ? {} : { cursor }) };
      const page = JSON.parse((await call(app, id, { token, query })).body);
      assert.ok(page.items.length <= 2);
      paged.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);
    assert.ok(paged.length > 3);
    assert.deepEqual(paged, all.items, id);
  }
});

test('accounts are found by part of the address or the name, taken literally, and by status', async t => {
  const { app, people } = await testApp(t);
  const { accessToken: token } = await people.person(['admin', 'user']);
  const create = async (body: object) => JSON.parse((await call(app, 'createUser', { token, body })).body);
  const percent = await create({ email: '100%_sure@find.example', displayName: 'Ada Lovelace' });
  const other = await create({ email: '100xxsure@find.example' });
  const emails = async (query: Record<string, string>) =>
    JSON.parse((await call(app, 'listUsers', { token, query })).body).items.map(
      (item: { email: string }) => item.email,
    );
  assert.deepEqual(await emails({ search: '100%_' }), [percent.email]);
  assert.deepEqual(await emails({ search: 'LOVELACE' }), [percent.email]);
  assert.deepEqual(await emails({ search: 'find.example' }), [other.email, percent.email]);
  await call(app, 'disableUser', { token, params: { userId: other.id } });
  assert.deepEqual(await emails({ search: 'find.example', status: 'disabled' }), [other.email]);
  assert.deepEqual(await emails({ search: 'find.example', status: 'active' }), [percent.email]);
  await call(app, 'deleteUser', { token, params: { userId: percent.id } });
  assert.deepEqual(await emails({ search: 'find.example' }), [other.email]);
  assert.deepEqual(await emails({ search: 'find.example', status: 'deleted' }), [percent.email]);
});

test('X-Forwarded-For is believed from trusted proxies only, and never when it is no address', async t => {
  for (const [trusted, forwarded, expected] of [
    ['', '203.0.113.7', '127.0.0.1'],
    ['127.0.0.1', '203.0.113.7', '203.0.113.7'],
    ['loopback', '2001:db8::1', '2001:db8::1'],
    ['127.0.0.1', 'nonsense', null],
  ] as const) {
    const { app, people, pool } = await testApp(t, { values: { HOLDFAST_TRUST_PROXY: trusted } });
    const { email } = await people.account();
    const body = { email, password: PASSWORD };
    const login = await call(app, 'login', { body, headers: { 'x-forwarded-for': forwarded } });
    assert.equal(login.status, 200, login.body);
    const row = await pool.one(
      sql<{
        address: string | null;
      }>`select host(address) as address from login_attempts where email = ${email}`,
    );
    assert.equal(row.address, expected, `${trusted} ${forwarded}`);
  }
});

test('a trusted proxy that is no address stops the start and is named', async t => {
  await assert.rejects(testApp(t, { values: { HOLDFAST_TRUST_PROXY: 'everybody' } }), error => {
    assert.ok(isHoldfastError(error, 'configuration_invalid'), String(error));
    assert.match(error.message, /HOLDFAST_TRUST_PROXY .*everybody/);
    return true;
  });
});

test('metrics count requests by route, and never by what was in their path', async t => {
  const { app, people } = await testApp(t);
  const { accessToken: token } = await people.person();
  const sessionId = newId();
  for (let count = 0; count < 3; count += 1)
    await call(app, 'revokeMySession', { token, params: { sessionId } });
  await app.inject(`/nowhere/${sessionId}`);
  const { body, headers } = await app.inject('/metrics');
  assert.match(String(headers['content-type']), /^text\/plain; version=0\.0\.4/);
  assert.ok(!body.includes(sessionId));
  const labels = 'service="server",method="DELETE",route="/api/v1/users/me/sessions/:sessionId"';
  const sorted = (text: string): string => text.split(',').sort().join(',');
  const samples = new Map(
    [...body.matchAll(/^(\w+)\{(.*)\} (\S+)$/gm)].map(([, name, text = '', value]) => [
      `${name} ${sorted(text)}`,
      value,
    ]),
  );
  assert.equal(samples.get(`http_requests_total ${sorted(`${labels},status="404"`)}`), '3');
  assert.equal(samples.get(`http_request_duration_seconds_count ${sorted(labels)}`), '3');
  assert.equal(samples.get(`http_request_duration_seconds_bucket ${sorted(`${labels},le="+Inf"`)}`), '3');
  assert.equal(
    samples.get(`http_requests_total ${sorted('service="server",method="GET",route="none",status="404"')}`),
    '1',
  );
  assert.ok(samples.has(`holdfast_pool_connections ${sorted('service="server",state="waiting"')}`));
  assert.match(body, /^# TYPE http_request_duration_seconds histogram$/m);
  assert.match(body, /^process_cpu_seconds_total/m);
});

test('a body of very many wrong members is refused for the first of them', async t => {
  const { app } = await testApp(t);
  const body = Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`wrong${index}`, 1]));
  const response = await call(app, 'login', { body });
  assert.equal(response.status, 400);
  assert.equal(JSON.parse(response.body).errors.length, 1);
});
