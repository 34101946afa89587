import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import { Ajv2020 } from 'ajv/dist/2020.js';
import {
  API_REPORT_SCHEMA,
  type CheckApiOptions,
  checkApi,
  FINDING_KINDS,
  loadDocument,
  parseAccess,
  renderApiReport,
} from '../src/conformance/index.ts';
import { found, json, refuse, type Script, scriptedApi } from './conformance-support/scripted-api.ts';

const DOCUMENTS = join(import.meta.dirname, 'conformance-documents');

async function check(t: TestContext, file: string, script: Script, options: CheckApiOptions = {}) {
  const api = await scriptedApi(t, script);
  const document = await loadDocument(join(DOCUMENTS, file));
  const settings = { apiUrls: [api.url], seed: 2, slowMs: 60_000, requestsPerSecond: 1_000 };
  return { api, report: await checkApi(document, { ...settings, ...options }) };
}

/** Answers GET and HEAD of the paths given, refuses all else. */
function serving(bodies: Readonly<Record<string, unknown>>): Script {
  return (request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const body = Object.entries(bodies).find(([pattern]) => new RegExp(`^${pattern}$`).test(path))?.[1];
    if (body === undefined) refuse(response, 404);
    else if (request.method === 'GET' || request.method === 'HEAD') json(response, 200, body);
    else refuse(response, 405);
  };
}

describe('OpenAPI 3.0 in JSON with nullable, discriminators and every style of parameters', () => {
  const cat = { kind: 'cat', lives: 9, friend: null };
  const hound = { kind: 'hound', breed: null };

  it('conforms, writeOnly and null included', async t => {
    const script = serving({ '/api/pets/.*': { ...cat, friend: hound }, '/api/find': [cat, hound] });
    const { report, api } = await check(t, 'pets.json', script);
    assert.deepEqual(report.findings, []);
    const [search = ''] = api.requests.filter(request => request.startsWith('GET /api/find'));
    assert.equal(search, 'GET /api/find?filter%5Bkind%5D=cat&tags=a%20b%7Ca%20b');
    assert.ok(
      api.requests.some(request => /^GET \/api\/pets\/;petId=[1-9]\d*$/.test(request)),
      api.requests.join(),
    );
  });

  it('sends headers and cookies of parameters', async t => {
    const seen: (string | undefined)[][] = [];
    await check(t, 'pets.json', (request, response) => {
      if (request.url?.startsWith('/api/find') && request.method === 'GET') {
        seen.push([request.headers.cookie, String(request.headers['x-trace'])]);
      }
      serving({ '/api/pets/.*': cat, '/api/find': [] })(request, response);
    });
    assert.equal(seen[0]?.[0], 'theme=dark');
    assert.match(seen[0]?.[1] ?? '', /^[a-f0-9]{8}$/);
  });

  it('finds a value of the discriminator that belongs to the other alternative', async t => {
    const script = serving({ '/api/pets/.*': { kind: 'hound', lives: 9 }, '/api/find': [cat] });
    const { report } = await check(t, 'pets.json', script);
    assert.deepEqual(found(report), ['body_schema GET /pets/{petId}']);
  });
});

describe('OpenAPI 3.1 in YAML over several files, with anchors, cycles, ranges and a server of variables', () => {
  const book = {
    isbn: '978-0131103627',
    title: null,
    shelf: { books: [{ isbn: 'x', title: 'y' }], position: [1, 'a'] },
  };
  const fine = {
    '/v3/books': [book],
    '/v3/books/978-[0-9]{10}': book,
    '/v3/shelves': { items: [{ books: [] }] },
  };

  it('conforms, with ids of the list and examples by reference', async t => {
    const { report, api } = await check(t, 'library/openapi.yaml', serving(fine));
    assert.deepEqual(report.findings, []);
    assert.ok(api.requests.includes('GET /v3/books/978-0131103627'), api.requests.join('\n'));
    assert.ok(api.requests.includes('GET /v3/books/978-0201616224'), api.requests.join('\n'));
  });

  it('finds what is wrong deep inside a cycle, and a member too many', async t => {
    const wrong = { ...book, shelf: { books: [{ isbn: 1, title: 'y' }] } };
    const bodies = { ...fine, '/v3/books': [wrong], '/v3/shelves': { items: [], total: 1 } };
    const { report } = await check(t, 'library/openapi.yaml', serving(bodies));
    assert.deepEqual(
      report.findings.map(({ summary }) => summary),
      [
        'answered 200 with a body in which /0/shelf/books/0/isbn must be string',
        'answered 200 with a body in which the whole must NOT have unevaluated properties: total',
      ],
    );
  });

  it('knows where the API is by its server', async () => {
    const document = await loadDocument(join(DOCUMENTS, 'library/openapi.yaml'));
    const report = await checkApi(document, {
      resolve: { 'eu.library.invalid': '127.0.0.1' },
      timeoutMs: 2_000,
    });
    assert.deepEqual(report.targets, ['https://eu.library.invalid/v3']);
  });
});

describe('YAML with aliases, merge keys, cycles and members named like keywords', () => {
  const node = {
    value: 'a-b',
    children: [{ value: 'c', children: [] }],
    parent: null,
    $ref: 'x',
    default: 'y',
  };

  it('conforms, and makes bodies without what is readOnly', async t => {
    const bodies: unknown[] = [];
    const script: Script = (request, response) => {
      if (request.method !== 'POST') return serving({ '/nodes': node })(request, response);
      const chunks: Buffer[] = [];
      request.on('data', chunk => chunks.push(chunk));
      return void request.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (text !== '') bodies.push(JSON.parse(text));
        json(response, 201, { id: 7, text: 'abc' });
      });
    };
    const { report } = await check(t, 'tree.yaml', script, { allowWrites: true });
    assert.deepEqual(report.findings, []);
    assert.ok(bodies.length > 0);
    for (const body of bodies) {
      assert.deepEqual(Object.keys(body as object), ['text']);
      assert.match((body as { text: string }).text, /^.{2,4}$/su);
    }
  });

  it('finds a wrong value behind references to references', async t => {
    const { report } = await check(t, 'tree.yaml', serving({ '/nodes': { ...node, parent: { value: 1 } } }));
    assert.deepEqual(found(report), ['body_schema GET /nodes']);
  });
});

describe('a document that cannot be used is told with its place:', () => {
  const head = 'openapi: 3.1.0\ninfo: {title: T, version: 1}\n';
  const cases: readonly [name: string, text: string, message: RegExp][] = [
    ['broken YAML', `${head}paths:\n  /a: [1\n  /b: 2\n`, /broken\.yaml:\d+:\d+: /],
    ['broken JSON', '{\n  "openapi": "3.0.0",\n  "paths": {]\n}', /broken\.yaml:3:13: /],
    ['HTML', '<!doctype html><html></html>', /broken\.yaml:1:1: this is HTML/],
    ['Swagger 2', 'swagger: "2.0"\npaths: {}\n', /#\/swagger: OpenAPI 2\.0 is too old/],
    ['another version', 'openapi: 4.0.0\npaths: {}\n', /#\/openapi: "4\.0\.0" is not 3\.0 or 3\.1/],
    ['no version', 'info: {}\n', /#\/openapi: is missing/],
    [
      'a reference to nothing',
      `${head}paths:\n  /a: {get: {responses: {200: {$ref: '#/components/responses/A'}}}}\n`,
      /#\/paths\/~1a\/get\/responses\/200\/\$ref: refers to #\/components\/responses\/A, which does not exist/,
    ],
    [
      'a circle of references',
      `${head}paths:\n  /a: {$ref: '#/paths/~1b'}\n  /b: {$ref: '#/paths/~1a'}\n`,
      /refers to itself/,
    ],
    [
      'a file that is not there',
      `${head}paths:\n  /a: {$ref: 'none.yaml'}\n`,
      /none\.yaml: cannot be read: ENOENT/,
    ],
    ['a path without a slash', `${head}paths:\n  a: {}\n`, /#\/paths\/a: does not begin with a slash/],
    [
      'a parameter of no place',
      `${head}paths:\n  /a: {get: {parameters: [{name: x, in: body}]}}\n`,
      /#\/paths\/~1a\/get\/parameters\/0: is in "body"/,
    ],
    [
      'a status that is none',
      `${head}paths:\n  /a: {get: {responses: {ok: {description: x}}}}\n`,
      /#\/paths\/~1a\/get\/responses\/ok: "ok" is no status code/,
    ],
  ];
  for (const [name, text, message] of cases) {
    it(name, async t => {
      const directory = await mkdtemp(join(tmpdir(), 'hf-openapi-'));
      t.after(() => rm(directory, { recursive: true }));
      const file = join(directory, 'broken.yaml');
      await writeFile(file, text);
      await assert.rejects(
        async () => checkApi(await loadDocument(file), { apiUrls: ['http://127.0.0.1:1'] }),
        (error: unknown) => isHoldfastError(error, 'openapi_unusable') && message.test(error.message),
      );
    });
  }

  it('a document from the network that wants a file of this machine', async () => {
    const read = async () => `${head}paths:\n  /a: {$ref: 'file:///etc/passwd'}\n`;
    await assert.rejects(
      loadDocument('https://documents.invalid/a.yaml', { read }),
      /a file of this machine/,
    );
  });
});

describe('the report', () => {
  it('is of its published form, and fits a screen however much is wrong', async t => {
    const paths = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [
        `/thing${index}`,
        {
          get: { responses: { 200: { description: 'x', content: { 'application/json': { schema: {} } } } } },
        },
      ]),
    );
    const text = JSON.stringify({ openapi: '3.0.3', info: { title: 'Many', version: '1' }, paths });
    const document = await loadDocument('https://documents.invalid/a.json', { read: async () => text });
    const api = await scriptedApi(t, (_, response) => json(response, 500, { trace: 'x'.repeat(5_000) }));
    const report = await checkApi(document, {
      apiUrls: [api.url],
      requestsPerSecond: 1_000,
      origins: ['https://a.example'],
    });
    const count = (wanted: string) => report.findings.filter(({ kind }) => kind === wanted).length;
    assert.deepEqual([count('server_error'), count('method_error')], [121, 60]);
    const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(API_REPORT_SCHEMA);
    assert.ok(validate(JSON.parse(JSON.stringify(report))), JSON.stringify(validate.errors));
    const lines = renderApiReport(report).split('\n');
    assert.ok(lines.length <= 24, `${lines.length} lines`);
    assert.ok(lines.every(line => line.length <= 300));
    assert.match(lines[0] ?? '', /^The API differs from its document: 121 errors and 60 warnings\.$/);
    assert.ok(lines.some(line => line.startsWith('    curl ')));
  });
});

describe('docs/api-conformance.md', () => {
  it('lists every kind of finding as the program knows it', async () => {
    const text = await readFile(join(import.meta.dirname, '../../../docs/api-conformance.md'), 'utf8');
    const rows = text.split('\n').filter(line => line.startsWith('| `') && line.split('|').length === 6);
    const expected = Object.entries(FINDING_KINDS).map(
      ([kind, { severity, title, advice }]) => `| \`${kind}\` | ${severity} | ${title} | ${advice} |`,
    );
    assert.deepEqual(rows, expected);
  });
});

describe('how to get in, from a file', () => {
  it('is read from YAML and JSON', () => {
    const signIn = { path: '/login', body: { a: 1 }, token: '/t' };
    assert.deepEqual(
      parseAccess('kind: sign-in\nsignIn: {path: /login, body: {a: 1}, token: /t}', 'a.yaml'),
      { kind: 'sign-in', signIn },
    );
    assert.deepEqual(parseAccess('{"kind":"bearer","token":"x"}', 'a.json'), { kind: 'bearer', token: 'x' });
  });

  it('is refused with the place of the mistake and no value of it', () => {
    const secret = 'do-not-show-me';
    for (const [text, message] of [
      [`kind: magic\ntoken: ${secret}`, /kind must be one of none, bearer/],
      [`kind: bearer\ntokn: ${secret}`, /access/],
      [`kind: sign-in\nsignIn: {path: login, body: {password: ${secret}}}`, /\/signIn\/path/],
      [`kind: [${secret}`, /neither JSON nor YAML/],
    ] as const) {
      assert.throws(
        () => parseAccess(text, 'access'),
        (error: unknown) =>
          isHoldfastError(error, 'usage') && message.test(error.message) && !error.message.includes(secret),
      );
    }
  });
});
