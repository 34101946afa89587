import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { CheckApiOptions } from '../src/conformance/index.ts';
import {
  answers,
  checkPaths,
  found,
  json,
  refuse,
  type Script,
  scriptedApi,
} from './conformance-support/scripted-api.ts';

const THING = { type: 'object', required: ['name'], properties: { name: { type: 'string' } } };
const GET_THING = { '/thing': { get: answers(THING) } };
const PROTECTED = { '/thing': { get: answers(THING, { security: [{ token: [] }] }) } };

/** `GET /thing` is answered by the script, all else refused as it should be. */
function onlyThing(script: Script): Script {
  return (request, response) => {
    if (!request.url?.startsWith('/thing')) refuse(response, 404);
    else if (['GET', 'HEAD'].includes(request.method ?? '')) script(request, response);
    else refuse(response, 405);
  };
}

interface Case {
  readonly name: string;
  readonly script: Script;
  readonly expected: readonly string[];
  readonly paths?: Readonly<Record<string, unknown>>;
  readonly options?: CheckApiOptions;
}

const fine: Script = (_request, response) => json(response, 200, { name: 'a' });
const TOKEN: CheckApiOptions = { access: { kind: 'bearer', token: 'the-right-token' } };
const isRight = ({ headers }: IncomingMessage) => headers.authorization === 'Bearer the-right-token';

const CASES: readonly Case[] = [
  { name: 'nothing', script: onlyThing(fine), expected: [] },
  {
    name: 'a failure',
    script: onlyThing((_, response) => json(response, 500, {})),
    expected: ['server_error GET /thing'],
  },
  {
    name: 'a status that nobody declared',
    script: onlyThing((_, response) => json(response, 202, { name: 'a' })),
    expected: ['status_undeclared GET /thing'],
  },
  {
    name: 'another type in the body',
    script: onlyThing((_, response) => json(response, 200, { name: 1 })),
    expected: ['body_schema GET /thing'],
  },
  {
    name: 'a page in place of JSON',
    script: onlyThing(
      (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html></html>'),
    ),
    expected: ['html_for_json GET /thing'],
  },
  {
    name: 'another content type',
    script: onlyThing(
      (_, response) => void response.writeHead(200, { 'content-type': 'text/csv' }).end('a,b'),
    ),
    expected: ['content_type GET /thing'],
  },
  {
    name: 'an empty body',
    script: onlyThing(
      (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(),
    ),
    expected: ['body_empty GET /thing'],
  },
  {
    name: 'JSON cut short',
    script: onlyThing(
      (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"name":'),
    ),
    expected: ['body_not_json GET /thing'],
  },
  {
    name: 'a header that says gzip over a body that is not',
    script: onlyThing((_, response) => json(response, 200, { name: 'a' }, { 'content-encoding': 'gzip' })),
    expected: ['encoding_broken GET /thing'],
  },
  {
    name: 'nothing where the body is compressed rightly',
    script: onlyThing((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      response.end(gzipSync('{"name":"a"}'));
    }),
    expected: [],
  },
  {
    name: 'a connection that breaks',
    script: onlyThing((request, response) =>
      request.method === 'GET' ? response.destroy() : fine(request, response),
    ),
    expected: ['no_answer GET /thing'],
  },
  {
    name: 'a route that lets everybody in',
    script: onlyThing(fine),
    paths: PROTECTED,
    options: TOKEN,
    expected: ['auth_ignored GET /thing'],
  },
  {
    name: 'a route that lets everybody in, also without credentials of the own',
    script: onlyThing(fine),
    paths: PROTECTED,
    expected: ['auth_ignored GET /thing'],
  },
  {
    name: 'a guard that looks whether there is a token and not at which',
    script: onlyThing((request, response) =>
      request.headers.authorization === undefined ? json(response, 401, {}) : fine(request, response),
    ),
    paths: PROTECTED,
    options: TOKEN,
    expected: ['auth_ignored GET /thing'],
  },
  {
    name: 'nothing where the guard stands',
    script: onlyThing((request, response) =>
      isRight(request) ? fine(request, response) : json(response, 401, {}),
    ),
    paths: PROTECTED,
    options: TOKEN,
    expected: [],
  },
  {
    name: 'a guard before what is public',
    script: onlyThing((_, response) => json(response, 401, {})),
    expected: ['auth_over_strict GET /thing'],
  },
  {
    name: 'a redirect without end',
    script: onlyThing((request, response) => {
      response.writeHead(302, { location: request.url === '/thing' ? '/thing2' : '/thing' }).end();
    }),
    expected: ['status_undeclared GET /thing', 'redirect_loop GET /thing'],
  },
  {
    name: 'a redirect to the path with a slash',
    script: onlyThing((request, response) =>
      request.url === '/thing/'
        ? fine(request, response)
        : response.writeHead(301, { location: '/thing/' }).end(),
    ),
    expected: ['redirect_slash GET /thing'],
  },
  {
    name: 'GET where only POST is declared',
    script: onlyThing(fine),
    paths: { '/thing': { post: answers(THING) } },
    expected: ['method_undeclared GET /thing'],
  },
  {
    name: 'HEAD refused where GET is not',
    script: onlyThing((request, response) =>
      request.method === 'HEAD' ? json(response, 403, {}) : fine(request, response),
    ),
    expected: ['head_differs GET /thing'],
  },
  {
    name: 'OPTIONS that fails',
    script: (request, response) =>
      request.method === 'OPTIONS' ? json(response, 500, {}) : onlyThing(fine)(request, response),
    expected: ['server_error OPTIONS /thing'],
  },
  {
    name: 'a method that the path does not have and that fails',
    script: (request, response) =>
      request.method === 'PROPFIND' ? json(response, 500, {}) : onlyThing(fine)(request, response),
    expected: ['method_error PROPFIND /thing'],
  },
  {
    name: 'a required header that is missing',
    script: onlyThing(fine),
    paths: {
      '/thing': {
        get: {
          responses: {
            200: {
              description: 'fine',
              headers: { 'X-Version': { required: true, schema: {} } },
              content: { 'application/json': { schema: THING } },
            },
          },
        },
      },
    },
    expected: ['header_missing GET /thing'],
  },
  {
    name: 'errors of another form at an unknown path',
    script: (request, response) => {
      if (request.url === '/thing/1') return json(response, 404, { code: 1, message: 'no' });
      if (request.method === 'PROPFIND') return json(response, 405, { code: 2, message: 'no' });
      return json(response, 404, { oops: true });
    },
    paths: {
      '/thing/{id}': { get: failing({ type: 'object', required: ['code'], properties: { code: {} } }) },
    },
    expected: ['error_format -'],
  },
  {
    name: 'a list that does not keep its limit',
    script: onlyThing((_, response) => json(response, 200, [{ name: 'a' }, { name: 'b' }])),
    paths: {
      '/thing': {
        get: answers(
          { type: 'array', items: THING },
          { parameters: [{ name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1 } }] },
        ),
      },
    },
    expected: ['pagination_ignored GET /thing'],
  },
  {
    name: 'a list of everything',
    script: onlyThing((_, response) =>
      json(
        response,
        200,
        Array.from({ length: 1_001 }, () => ({ name: 'a' })),
      ),
    ),
    paths: { '/thing': { get: answers({ type: 'array', items: THING }) } },
    expected: ['pagination_missing GET /thing'],
  },
];

function failing(schema: unknown): unknown {
  return {
    parameters: [{ name: 'id', in: 'path', required: true, schema: { const: 1 } }],
    responses: { 404: { description: 'no', content: { 'application/json': { schema } } } },
  };
}

describe('an answer is held against the document:', () => {
  for (const { name, script, expected, paths = GET_THING, options } of CASES) {
    it(name, async t => {
      const report = await checkPaths(await scriptedApi(t, script), { paths }, options);
      assert.deepEqual(
        found(report).toSorted(),
        expected.toSorted(),
        JSON.stringify(report.findings, undefined, 1),
      );
    });
  }
});

const ORIGIN = 'https://app.example';

describe('a document that contradicts itself', () => {
  it('is told of, and its operations are called all the same', async t => {
    const api = await scriptedApi(t, (request, response) =>
      request.method === 'PROPFIND' ? refuse(response, 405) : json(response, 200, {}),
    );
    const get = (operationId: string) => ({ get: answers({}, { operationId }) });
    const paths = { '/a/{x}': get('one'), '/a/{y}': get('two'), '/b': get('one') };
    const report = await checkPaths(api, { paths });
    assert.deepEqual(
      report.findings.map(({ operation, summary }) => `${operation} ${summary}`),
      [
        'GET /a/{x} does not declare what {x} is',
        'GET /a/{y} does not declare what {y} is',
        'GET /b has the operationId one of GET /a/{x}',
      ],
    );
    assert.equal(report.findings[1]?.count, 2, 'the same path is told of, too');
  });
});

describe('CORS as a browser sees it:', () => {
  const cors =
    (headers: (origin: string) => Record<string, string>): Script =>
    (request, response) => {
      const { origin } = request.headers;
      const own = origin === undefined ? {} : headers(origin);
      if (request.method === 'OPTIONS') return void response.writeHead(204, own).end();
      if (request.url !== '/thing') return refuse(response, 404);
      if (request.method === 'PROPFIND') return refuse(response, 405);
      return json(response, 200, { name: 'a' }, own);
    };
  const right = (origin: string): Record<string, string> =>
    origin === ORIGIN
      ? {
          'access-control-allow-origin': origin,
          'access-control-allow-credentials': 'true',
          'access-control-allow-headers': 'Content-Type',
          'access-control-allow-methods': 'GET, PUT',
          vary: 'Origin',
        }
      : {};
  const put = { requestBody: { content: { 'application/json': { schema: THING } } }, ...answers(THING) };
  const cases: readonly [name: string, (origin: string) => Record<string, string>, string[]][] = [
    ['nothing', right, []],
    ['no header at all', () => ({}), ['cors_origin_refused']],
    [
      'no credentials',
      origin => without(right(origin), 'access-control-allow-credentials'),
      ['cors_credentials'],
    ],
    [
      'any origin by a star',
      origin => ({ ...right(origin), 'access-control-allow-origin': '*' }),
      ['cors_wildcard'],
    ],
    ['no Vary', origin => without(right(origin), 'vary'), ['cors_vary']],
    [
      'a method less',
      origin => ({ ...right(origin), 'access-control-allow-methods': 'GET' }),
      ['cors_method'],
    ],
    ['a header less', origin => ({ ...right(origin), 'access-control-allow-headers': '*' }), ['cors_header']],
    [
      'every origin repeated',
      origin => ({ ...right(ORIGIN), 'access-control-allow-origin': origin }),
      ['cors_any_origin'],
    ],
  ];
  for (const [name, headers, expected] of cases) {
    it(name, async t => {
      const api = await scriptedApi(t, cors(headers));
      const options = { origins: [ORIGIN], corsCredentials: true };
      const report = await checkPaths(api, { paths: { '/thing': { get: answers(THING), put } } }, options);
      assert.deepEqual(
        [...new Set(report.findings.map(({ kind }) => kind))],
        expected,
        JSON.stringify(report.findings),
      );
    });
  }
});

function without(headers: Record<string, string>, name: string): Record<string, string> {
  const { [name]: _left, ...rest } = headers;
  return rest;
}

describe('a check keeps to what it promises:', () => {
  const paths = {
    '/orders': {
      get: answers({ type: 'array', items: { type: 'object' } }),
      post: { responses: { 201: { description: 'made' } } },
      delete: { responses: { 204: { description: 'gone' } } },
    },
    '/orders/{id}': {
      get: answers({ type: 'object' }, { parameters: [id()] }),
      delete: { parameters: [id()], responses: { 204: { description: 'gone' } } },
    },
  };
  const customers = {
    '/customers': { get: answers({ type: 'array', items: { type: 'object' } }) },
    '/customers/{id}': { delete: { parameters: [id()], responses: { 204: { description: 'gone' } } } },
  };
  const shop: Script = (request: IncomingMessage, response: ServerResponse) => {
    if (request.url === '/orders' && request.method === 'GET')
      return json(response, 200, [{ id: 41 }, { id: 42 }]);
    if (request.url === '/orders' && request.method === 'POST') {
      response.writeHead(201, { 'content-type': 'application/json' });
      return void response.end('{"id":77,"customer_id":5}');
    }
    if (/^\/orders\/\d+$/.test(request.url ?? '')) {
      return request.method === 'DELETE'
        ? void response.writeHead(204).end()
        : json(response, 200, { id: 1 });
    }
    return refuse(response, 404);
  };

  function id(): unknown {
    return { name: 'id', in: 'path', required: true, schema: { type: 'integer', minimum: 1 } };
  }

  it('only safe methods without being told otherwise, with ids that earlier answers held', async t => {
    const api = await scriptedApi(t, shop);
    await checkPaths(api, { paths });
    const methods = new Set(api.requests.map(request => request.split(' ')[0]));
    assert.deepEqual([...methods].toSorted(), ['GET', 'HEAD', 'OPTIONS', 'PROPFIND']);
    assert.ok(api.requests.includes('GET /orders/41'), api.requests.join('\n'));
  });

  it('removes nothing but what it has created', async t => {
    const api = await scriptedApi(t, shop);
    const report = await checkPaths(api, { paths: { ...paths, ...customers } }, { allowWrites: true });
    const removed = api.requests.filter(request => request.startsWith('DELETE'));
    assert.deepEqual(removed, ['DELETE /orders/77']);
    assert.ok(
      report.notExamined.some(
        ({ operation, why }) => operation === 'DELETE /orders' && why.includes('others own'),
      ),
    );
  });

  it('the same seed gives the same requests, another one others', async t => {
    const search = {
      '/things': {
        get: answers({}, { parameters: [{ name: 'q', in: 'query', schema: { type: 'string' } }] }),
      },
    };
    const ask = async (seed: number) => {
      const api = await scriptedApi(t, (_, response) => json(response, 200, {}));
      await checkPaths(api, { paths: search }, { seed });
      return api.requests;
    };
    const [first, second, other] = [await ask(5), await ask(5), await ask(6)];
    assert.deepEqual(first, second);
    assert.notDeepEqual(first, other);
  });

  it('no more requests than allowed, and says what was left', async t => {
    const api = await scriptedApi(t, onlyThing(fine));
    const report = await checkPaths(api, { paths: GET_THING }, { maxRequests: 3 });
    assert.equal(report.requests, 3);
    assert.deepEqual(
      report.notExamined.map(({ why }) => why),
      ['the 3 requests were used up'],
    );
  });

  it('waits when it is told to come later', async t => {
    let refused = 0;
    const api = await scriptedApi(
      t,
      onlyThing((request, response) => {
        if (request.method === 'GET' && refused === 0) {
          refused += 1;
          return json(response, 429, {}, { 'retry-after': '0' });
        }
        return fine(request, response);
      }),
    );
    const report = await checkPaths(api, { paths: GET_THING });
    assert.deepEqual(found(report), []);
    assert.deepEqual(report.operations[0]?.statuses, { 200: 3, 429: 1 });
  });

  it('credentials are in no part of the report', async t => {
    const api = await scriptedApi(
      t,
      onlyThing((request, response) =>
        json(response, 200, { echo: request.headers.authorization, mail: 'ada@example.com' }),
      ),
    );
    const report = await checkPaths(api, { paths: PROTECTED }, TOKEN);
    const text = JSON.stringify(report);
    assert.ok(text.includes('$TOKEN'), text);
    assert.doesNotMatch(text, /the-right-token|ada@example/);
  });

  it('a cookie that browsers refuse is the one finding, and what needs it is not examined', async t => {
    const api = await scriptedApi(t, (request, response) => {
      if (request.url === '/login' && request.method === 'POST') {
        return json(response, 200, {}, { 'set-cookie': 'sid=abcdef; Path=/; Secure; HttpOnly' });
      }
      const known = ['GET', 'HEAD'].includes(request.method ?? '') && request.url === '/thing';
      if (!known) return refuse(response, 405);
      return request.headers.cookie === 'sid=abcdef'
        ? fine(request, response)
        : json(response, 401, { message: 'no' });
    });
    const { port } = new URL(api.url);
    const access = {
      kind: 'sign-in',
      signIn: { path: '/login', body: { password: 'hidden-password' } },
    } as const;
    const check = (url: string) =>
      checkPaths(
        api,
        { paths: PROTECTED },
        { access, apiUrls: [url], resolve: { 'shop.test': '127.0.0.1' } },
      );
    const report = await check(`http://shop.test:${port}`);
    assert.deepEqual(found(report), ['cookie_refused POST /login']);
    assert.ok(report.findings[0]?.example?.curl.includes(`--resolve shop.test:${port}:127.0.0.1`));
    assert.doesNotMatch(JSON.stringify(report), /hidden-password/);
    assert.match(report.notExamined[0]?.why ?? '', /browsers keep no cookie/);
    const local = await check(api.url);
    assert.deepEqual([found(local), local.notExamined], [[], []]);
  });

  it('an API that is not there is not examined', async t => {
    const api = await scriptedApi(t, fine);
    const report = await checkPaths({ ...api, url: 'http://127.0.0.1:1' }, { paths: GET_THING });
    assert.equal(report.status, 'not_examined');
    assert.match(report.notExamined[0]?.why ?? '', /cannot be reached: .*ECONNREFUSED/);
  });

  it('what one way to the API shows alone is told as such', async t => {
    const direct = await scriptedApi(t, onlyThing(fine));
    const proxied = await scriptedApi(
      t,
      onlyThing((_, response) => json(response, 502, {})),
    );
    const report = await checkPaths(direct, { paths: GET_THING }, { apiUrls: [direct.url, proxied.url] });
    assert.deepEqual(
      report.findings.map(({ kind, targets }) => [kind, targets]),
      [['server_error', [proxied.url]]],
    );
  });
});
