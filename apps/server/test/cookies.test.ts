import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACCESS_COOKIE, CSRF_COOKIE, type OperationId, REFRESH_COOKIE } from '@holdfast/contract';
import { newId } from '@holdfast/core';
import { createPool } from '@holdfast/postgres';
import { eventually } from '@holdfast/testing';
import type { SeenResponse } from './support/conformance.ts';
import { databaseProxy } from './support/database-proxy.ts';
import { PASSWORD, type Person } from './support/people.ts';
import { call, type Sample } from './support/requests.ts';
import { type TestApp, testApp } from './support/test-app.ts';

const PAGE = { 'sec-fetch-site': 'same-origin' };

interface StoredCookie {
  readonly value: string;
  readonly attributes: ReadonlySet<string>;
}

/** What a browser does: keeps cookies, sends those whose path fits, forgets those with Max-Age=0. */
interface Browser {
  readonly jar: Map<string, StoredCookie>;
  /** Also repeats the CSRF cookie in the header, as a page's script does. */
  ask(id: OperationId, sample?: Sample): Promise<SeenResponse>;
  /** As a form or a script elsewhere can: with the cookies, without the header. */
  askWithout(id: OperationId, sample: Sample): Promise<SeenResponse>;
}

function browser({ app }: Pick<TestApp, 'app'>): Browser {
  const jar = new Map<string, StoredCookie>();
  const send = async (id: OperationId, sample: Sample): Promise<SeenResponse> => {
    const toAuth = ['login', 'refresh', 'logout', 'stepUp'].includes(id);
    const sent = [...jar].filter(([name]) => name !== REFRESH_COOKIE || toAuth);
    const cookie = sent.map(([name, { value }]) => `${name}=${value}`).join('; ');
    const response = await call(app, id, { ...sample, headers: { ...sample.headers, cookie } });
    for (const line of [response.headers['set-cookie'] ?? []].flat() as string[]) store(jar, line);
    return response;
  };
  return {
    jar,
    askWithout: send,
    ask: (id, sample = {}) => {
      const token = jar.get(CSRF_COOKIE)?.value;
      const csrf: Record<string, string> = token === undefined ? {} : { 'x-csrf-token': token };
      return send(id, { ...sample, headers: { ...PAGE, ...csrf, ...sample.headers } });
    },
  };
}

function store(jar: Map<string, StoredCookie>, line: string): void {
  const [pair = '', ...attributes] = line.split('; ');
  const at = pair.indexOf('=');
  if (attributes.includes('Max-Age=0')) jar.delete(pair.slice(0, at));
  else jar.set(pair.slice(0, at), { value: pair.slice(at + 1), attributes: new Set(attributes) });
}

async function signIn(test: TestApp, person: Pick<Person, 'email'>): Promise<Browser> {
  const page = browser(test);
  const answer = await page.ask('login', {
    body: { email: person.email, password: PASSWORD, cookies: true },
  });
  assert.equal(answer.status, 200, answer.body);
  return page;
}

const codeOf = ({ body }: SeenResponse): string => (JSON.parse(body) as { code: string }).code;
const setCookies = ({ headers }: SeenResponse): string[] => [headers['set-cookie'] ?? []].flat() as string[];
const someChange: Sample = { body: { bio: 'changed' } };

test('cookies keep the tokens from scripts, from other hosts and from other paths', async t => {
  const main = await testApp(t);
  const page = browser(main);
  const { email } = await main.people.account();
  const answer = await page.ask('login', { body: { email, password: PASSWORD, cookies: true } });
  const body = JSON.parse(answer.body);
  assert.deepEqual(Object.keys(body).sort(), [
    'csrfToken',
    'expiresIn',
    'refreshExpiresIn',
    'tokenType',
    'user',
  ]);
  assert.equal(body.tokenType, 'Cookie');
  assert.deepEqual([...page.jar.keys()].sort(), [ACCESS_COOKIE, CSRF_COOKIE, REFRESH_COOKIE].sort());
  const attributes = (name: string) => [...(page.jar.get(name)?.attributes ?? [])].sort().slice(0, 5);
  const lifetime = `Max-Age=${body.refreshExpiresIn}`;
  assert.deepEqual(attributes(ACCESS_COOKIE), ['HttpOnly', lifetime, 'Path=/', 'SameSite=Lax', 'Secure']);
  assert.deepEqual(attributes(REFRESH_COOKIE), [
    'HttpOnly',
    lifetime,
    'Path=/api/v1/auth',
    'SameSite=Lax',
    'Secure',
  ]);
  assert.deepEqual(attributes(CSRF_COOKIE), [lifetime, 'Path=/', 'SameSite=Lax', 'Secure']);
  assert.equal(page.jar.get(CSRF_COOKIE)?.value, body.csrfToken);
  const me = await page.ask('getMe');
  assert.equal(JSON.parse(me.body).email, email);
});

test('a cookie session refreshes, changes things and ends', async t => {
  const main = await testApp(t);
  const page = await signIn(main, await main.people.account());
  const before = page.jar.get(REFRESH_COOKIE)?.value;
  const refreshed = await page.ask('refresh');
  assert.equal(refreshed.status, 200, refreshed.body);
  assert.ok(!refreshed.body.includes('accessToken') && !refreshed.body.includes('hf_rt_'), refreshed.body);
  assert.notEqual(page.jar.get(REFRESH_COOKIE)?.value, before);
  assert.equal((await page.ask('patchMyProfile', someChange)).status, 200);
  const stolen = page.jar.get(REFRESH_COOKIE)?.value ?? '';
  assert.equal((await page.ask('logout')).status, 204);
  assert.deepEqual([...page.jar.keys()], []);
  const after = await call(main.app, 'refresh', { body: { refreshToken: stolen } });
  assert.equal(codeOf(after), 'session_revoked');
});

test('a change by cookie needs a page of ours and its token; one by bearer token needs neither', async t => {
  const main = await testApp(t, {
    values: { HOLDFAST_CORS_ORIGINS: 'https://app.example', HOLDFAST_PUBLIC_URL: 'https://auth.example' },
  });
  const person = await main.people.person();
  const page = await signIn(main, person);
  const csrf = page.jar.get(CSRF_COOKIE)?.value ?? '';
  const outcome = async (headers: Record<string, string>): Promise<string> => {
    const answer = await page.askWithout('patchMyProfile', { ...someChange, headers });
    return answer.status === 200 ? 'done' : codeOf(answer);
  };
  const token = { 'x-csrf-token': csrf };
  assert.equal(await outcome({ ...PAGE, ...token }), 'done');
  assert.equal(await outcome({ ...token, origin: 'https://auth.example' }), 'done');
  assert.equal(await outcome({ ...token, origin: 'http://localhost:80', host: 'localhost:80' }), 'done');
  const listed = { origin: 'https://app.example', 'sec-fetch-site': 'same-site' };
  assert.equal(await outcome({ ...token, ...listed }), 'done');
  for (const site of ['cross-site', 'same-site', 'none']) {
    assert.equal(await outcome({ ...token, 'sec-fetch-site': site }), 'origin_not_allowed', site);
    const claimed = { ...token, 'sec-fetch-site': site, origin: 'https://auth.example' };
    assert.equal(await outcome(claimed), 'origin_not_allowed', site);
  }
  for (const origin of ['https://evil.example', 'null', 'http://auth.example', 'https://app.example.evil']) {
    assert.equal(await outcome({ ...token, origin }), 'origin_not_allowed', origin);
  }
  assert.equal(await outcome(token), 'origin_not_allowed', 'neither header');
  assert.equal(await outcome(PAGE), 'csrf_token_invalid');
  assert.equal(await outcome({ ...PAGE, 'x-csrf-token': `${csrf.slice(0, -2)}AA` }), 'csrf_token_invalid');
  const bearer = await call(main.app, 'patchMyProfile', {
    ...someChange,
    token: person.accessToken,
    headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', cookie: `${ACCESS_COOKIE}=x` },
  });
  assert.equal(bearer.status, 200, 'the bearer token goes before the cookie');
});

test('a planted CSRF cookie, or the one of another session, is of no use', async t => {
  const main = await testApp(t);
  const [mine, theirs] = [
    await signIn(main, await main.people.account()),
    await signIn(main, await main.people.account()),
  ];
  for (const planted of ['planted', theirs.jar.get(CSRF_COOKIE)?.value ?? '']) {
    mine.jar.set(CSRF_COOKIE, { value: planted, attributes: new Set() });
    assert.equal(codeOf(await mine.ask('patchMyProfile', someChange)), 'csrf_token_invalid');
    assert.equal(codeOf(await mine.ask('refresh')), 'csrf_token_invalid');
    assert.equal(codeOf(await mine.ask('logout')), 'csrf_token_invalid');
  }
  assert.equal(mine.jar.size, 3, 'and no cookie is cleared for that');
});

test('8: database trouble is 503 with Retry-After, and never clears a cookie', async t => {
  const first = await testApp(t);
  const proxy = await databaseProxy(t, first.database.url);
  const pool = createPool({ url: proxy.url, max: 4, statementTimeoutMs: 300 });
  t.after(() => pool.close());
  const { keyring, database } = first;
  const main = await testApp(t, { keyring, database, pool });
  const page = await signIn(main, await first.people.account());
  const cookies = JSON.stringify([...page.jar.entries()].map(([name, { value }]) => [name, value]));
  for (const fail of [proxy.cut, proxy.freeze]) {
    fail();
    for (const id of ['refresh', 'getMe', 'patchMyProfile', 'logout'] as const) {
      const answer = await page.ask(id, id === 'patchMyProfile' ? someChange : {});
      assert.equal(answer.status, 503, `${id}: ${answer.body}`);
      assert.ok(Number(answer.headers['retry-after']) >= 1);
      assert.deepEqual(setCookies(answer), []);
    }
    proxy.heal();
    await eventually(async () => (await page.ask('getMe')).status === 200);
  }
  const kept = JSON.stringify([...page.jar.entries()].map(([name, { value }]) => [name, value]));
  assert.equal(kept, cookies);
  assert.equal((await page.ask('refresh')).status, 200, 'and the session goes on');
});

test('only a code that ends the session clears the cookies', async t => {
  const main = await testApp(t, { values: { HOLDFAST_ACCESS_TOKEN_TTL: '10s' } });
  const person = await main.people.person();
  const page = await signIn(main, person);
  const access = page.jar.get(ACCESS_COOKIE);
  assert.ok(access !== undefined);
  const subject = { userId: person.userId, sessionId: person.sessionId, clientId: 'x', roles: [], amr: [] };
  const { token } = await main.people.accessTokens.issue(subject, Date.now() - 3_600_000);
  for (const [value, code] of [
    ['garbage', 'token_invalid'],
    [token, 'token_expired'],
  ] as const) {
    page.jar.set(ACCESS_COOKIE, { ...access, value });
    const answer = await page.ask('getMe');
    assert.deepEqual([codeOf(answer), setCookies(answer)], [code, []]);
  }
  page.jar.set(ACCESS_COOKIE, access);
  assert.equal((await page.ask('getMe')).status, 200);
  const others = await main.people.signIn({ id: person.userId, email: person.email });
  assert.equal((await call(main.app, 'revokeMyOtherSessions', { token: others.accessToken })).status, 200);
  const refused = await page.ask('refresh');
  assert.equal(codeOf(refused), 'session_revoked');
  assert.deepEqual([...page.jar.keys()], []);
});

test('a refresh cookie that no key verifies keeps nobody from signing out', async t => {
  const main = await testApp(t);
  const { email } = await main.people.account();
  const damaged = async (): Promise<Browser> => {
    const page = await signIn(main, { email });
    const refresh = page.jar.get(REFRESH_COOKIE);
    assert.ok(refresh !== undefined);
    page.jar.set(REFRESH_COOKIE, { ...refresh, value: `${refresh.value.slice(0, -4)}AAAA` });
    return page;
  };
  const page = await damaged();
  const access = page.jar.get(ACCESS_COOKIE)?.value ?? '';
  assert.equal(codeOf(await page.ask('refresh')), 'token_invalid');
  assert.equal(page.jar.size, 3, 'a refresh that fails takes no cookie away');
  const elsewhere = await page.askWithout('logout', { headers: { 'sec-fetch-site': 'cross-site' } });
  assert.equal(codeOf(elsewhere), 'origin_not_allowed');
  assert.equal((await page.ask('logout')).status, 204);
  assert.equal(page.jar.size, 0);
  assert.equal((await call(main.app, 'getMe', { token: access })).status, 401, 'its session has ended');

  const lost = await damaged();
  lost.jar.delete(ACCESS_COOKIE);
  assert.equal((await lost.ask('logout')).status, 204);
  assert.equal(lost.jar.size, 0);
});

test('signing in by cookie from elsewhere is refused, and OPTIONS asks for nothing', async t => {
  const main = await testApp(t, { values: { HOLDFAST_CORS_ORIGINS: 'https://app.example' } });
  const { email } = await main.people.account();
  const sample = { body: { email, password: PASSWORD, cookies: true } };
  const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
  const refused = await call(main.app, 'login', { ...sample, headers: foreign });
  assert.deepEqual([refused.status, codeOf(refused), setCookies(refused)], [403, 'origin_not_allowed', []]);
  const preflight = (origin: string) =>
    main.app.inject({
      method: 'OPTIONS',
      url: '/api/v1/users/me/profile',
      headers: {
        origin,
        'access-control-request-method': 'PATCH',
        'access-control-request-headers': 'content-type,x-csrf-token',
        'x-request-id': newId(),
      },
    });
  const allowed = await preflight('https://app.example');
  assert.equal(allowed.statusCode, 204);
  assert.equal(allowed.headers['access-control-allow-origin'], 'https://app.example');
  assert.equal(allowed.headers['access-control-allow-credentials'], 'true');
  assert.match(String(allowed.headers['access-control-allow-headers']), /x-csrf-token/);
  const denied = await preflight('https://evil.example');
  assert.equal(denied.headers['access-control-allow-origin'], undefined);
  assert.ok(denied.statusCode < 300, 'it is not asked who calls');
});

test('36: a new session id at each login, whatever the browser brings along', async t => {
  const main = await testApp(t);
  const account = await main.people.account();
  const page = await signIn(main, account);
  const sessionOf = async (): Promise<string> => {
    const list = JSON.parse((await page.ask('listMySessions')).body) as {
      items: { id: string; current: boolean }[];
    };
    return list.items.find(({ current }) => current)?.id ?? '';
  };
  const first = await sessionOf();
  const again = { email: account.email, password: PASSWORD, cookies: true };
  assert.equal((await page.ask('login', { body: again })).status, 200);
  const second = await sessionOf();
  assert.match(second, /^[0-9a-f-]{36}$/);
  assert.notEqual(second, first);
});

test('a login for cookies without an Origin is told that it needs one, and which are accepted', async t => {
  const values = {
    HOLDFAST_PUBLIC_URL: 'https://auth.example',
    HOLDFAST_CORS_ORIGINS: 'https://app.example',
  };
  const main = await testApp(t, { values });
  const { email } = await main.people.account();
  const body = { email, password: PASSWORD, cookies: true };
  const refused = await call(main.app, 'login', { body });
  assert.deepEqual([refused.status, codeOf(refused)], [403, 'origin_not_allowed']);
  const { detail } = JSON.parse(refused.body) as { detail: string };
  assert.match(detail, /need an Origin header/);
  assert.match(
    detail,
    /Accepted: https:\/\/auth\.example, http:\/\/localhost[:\d]*, https:\/\/app\.example;/,
  );
  const accepted = await call(main.app, 'login', { body, headers: { origin: 'https://app.example' } });
  assert.equal(accepted.status, 200);
});
