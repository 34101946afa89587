import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { ApiReport, CheckApiOptions } from '../src/conformance/index.ts';
import { renderApiReport } from '../src/conformance/index.ts';
import { answers, checkPaths, found, json, refuse, scriptedApi } from './conformance-support/scripted-api.ts';

const THING = { type: 'object', required: ['name'], properties: { name: { type: 'string' } } };
const fine = answers(THING);
const DECLARED = {
  ...{ security: [{ token: [] }] },
  responses: { ...(fine.responses as object), 401: { description: 'not signed in' } },
};
const PATHS = {
  '/public': { get: answers(THING) },
  '/me': { get: DECLARED },
  '/orders': { get: DECLARED },
  '/session': { post: answers(THING) },
};
const SIGN_IN = {
  kind: 'sign-in',
  signIn: { path: '/session', body: { user: 'a' }, token: '/token' },
} as const;
const schemes = (token: unknown) => ({ components: { securitySchemes: { token } } });

interface Case {
  /** Paths that take the token. */
  readonly open?: readonly string[];
  readonly access?: CheckApiOptions['access'];
  readonly paths?: Readonly<Record<string, unknown>>;
  readonly rest?: Readonly<Record<string, unknown>>;
}

async function check(
  t: TestContext,
  { open = [], access = SIGN_IN, paths = PATHS, rest = {} }: Case,
): Promise<{ readonly report: ApiReport; readonly signIns: number }> {
  const api = await scriptedApi(t, ({ method = '', url = '', headers }, response) => {
    if (method === 'POST' && url === '/session')
      return json(response, 200, { name: 'a', token: 'a.new.token' });
    if (!(url in paths)) return refuse(response, 404);
    if (method !== 'GET' && method !== 'HEAD') return refuse(response, 405);
    const isIn = url === '/public' || (open.includes(url) && headers.authorization === 'Bearer a.new.token');
    return isIn ? json(response, 200, { name: 'a' }) : json(response, 401, { message: 'no' });
  });
  const report = await checkPaths(api, { paths, rest }, { access });
  return { report, signIns: api.requests.filter(request => request === 'POST /session').length };
}

const unseen = ({ notExamined }: ApiReport): string[] =>
  notExamined.flatMap(({ operation, why }) => (why.includes('refused') ? `${operation}: ${why}` : []));

describe('credentials that are refused', () => {
  it('a token that was issued in this run and that every operation refuses is a finding', async t => {
    const { report, signIns } = await check(t, {});
    assert.deepEqual(found(report), ['token_refused -']);
    assert.equal(
      report.findings[0]?.summary,
      'refuses the token that POST /session has just issued (200): 401 from all 2 operations that ask for one, GET /me, GET /orders',
    );
    assert.match(
      renderApiReport(report),
      /^The API differs from its document: 1 error\. 2 operations could not be/,
    );
    assert.equal(signIns, 2, 'it is made sure of once more, and not again for every operation');
  });

  it('neither is one that an operation takes', async t => {
    const { report } = await check(t, { open: ['/me'] });
    assert.deepEqual(found(report), []);
    assert.deepEqual(unseen(report), ['GET /orders: the credentials were refused (401)']);
  });

  it('nor one that the document does not say to let in', async t => {
    const key = await check(t, { rest: schemes({ type: 'apiKey', in: 'header', name: 'X-Api-Key' }) });
    assert.deepEqual(found(key.report), []);
    const bearer = await check(t, { rest: schemes({ type: 'http', scheme: 'bearer' }) });
    assert.deepEqual(found(bearer.report), ['token_refused -']);
  });

  it('a single operation of several may have a reason of its own', async t => {
    const { '/me': me, ...others } = PATHS;
    const item = {
      ...DECLARED,
      parameters: [{ name: 'id', in: 'path', required: true, schema: { not: {} } }],
    };
    const paths = { ...others, '/orders/{id}': { get: item } };
    assert.deepEqual(found((await check(t, { paths })).report), []);
    assert.deepEqual(found((await check(t, { paths: { '/me': { get: me.get } } })).report), [
      'token_refused -',
    ]);
  });

  it('given ones are no fault of the API, and the headline says what was not examined', async t => {
    const { report } = await check(t, { access: { kind: 'bearer', token: 'an-old-token' } });
    assert.deepEqual([found(report), report.status], [[], 'not_examined']);
    assert.equal(unseen(report).length, 2);
    assert.match(
      renderApiReport(report),
      /^Every operation that asks for credentials refused the given ones \(401\)\. 2 operations could not be examined\. Nothing differs in the rest\.\n/,
    );
  });
});
