import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { ApiReport } from '@holdfast/doctor/conformance';
import { runHoldfast, runHoldfastJson } from './run-command-line.ts';

const DOCUMENT = `
openapi: 3.0.3
info: { title: Clock, version: '1' }
paths:
  /time:
    get:
      security: [{ token: [] }]
      responses:
        '200':
          description: the time
          content: { application/json: { schema: { type: object, required: [now], properties: { now: { type: integer } } } } }
        '401': { description: not signed in }
`;

interface Clock {
  readonly url: string;
  readonly openapi: string;
  readonly dir: string;
}

/** An API that tells the time to whoever has the token, in the form of `now`. */
async function clock(t: TestContext, now: unknown): Promise<Clock> {
  const dir = await mkdtemp(join(tmpdir(), 'hf-cli-api-'));
  const server = createServer((request, response) => {
    const status =
      request.url !== '/time' ? 404 : request.headers.authorization === 'Bearer right-token' ? 200 : 401;
    const known = request.method === 'GET' || request.method === 'HEAD';
    response.writeHead(known ? status : 405, { 'content-type': 'application/json' });
    response.end(JSON.stringify(known && status === 200 ? { now } : { error: 'no' }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    server.close();
    server.closeAllConnections();
    await rm(dir, { recursive: true });
  });
  const openapi = join(dir, 'clock.yaml');
  await writeFile(openapi, DOCUMENT);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, openapi, dir };
}

const SLOW = ['--slow', '60s'];

describe('holdfast api check', () => {
  it('exits with 0 where the API does what its document says', async t => {
    const { url, openapi } = await clock(t, 12);
    const args = ['api', 'check', '--openapi', openapi, '--api-url', url, ...SLOW];
    const { code, stdout } = await runHoldfast(args, { API_TOKEN: 'right-token' });
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^The API does what its document says\.\nClock: 1 operation of /);
    assert.doesNotMatch(stdout, /Not examined/);
  });

  it('exits with 1 and says what is wrong, with a command that repeats it', async t => {
    const { url, openapi, dir } = await clock(t, 'noon');
    const access = join(dir, 'access.json');
    await writeFile(access, JSON.stringify({ kind: 'bearer', token: 'right-token' }));
    const args = ['api', 'check', '--openapi', openapi, '--api-url', url, '--access', access, ...SLOW];
    const { code, stdout } = await runHoldfast(args);
    assert.equal(code, 1);
    assert.match(stdout, /^ {2}GET \/time answered 200 with a body in which \/now must be integer$/m);
    assert.match(
      stdout,
      /^ {4}curl -sS -i http:\/\/127\.0\.0\.1:\d+\/time .*-H "Authorization: Bearer \$TOKEN"$/m,
    );
    const { result } = await runHoldfastJson<ApiReport>(args);
    assert.deepEqual(
      result.findings.map(({ kind, operation }) => [kind, operation]),
      [['body_schema', 'GET /time']],
    );
    assert.doesNotMatch(stdout + JSON.stringify(result), /right-token/);
  });

  it('says what it could not look at without credentials', async t => {
    const { url, openapi } = await clock(t, 12);
    const { code, stdout } = await runHoldfast([
      'api',
      'check',
      '--openapi',
      openapi,
      '--api-url',
      url,
      ...SLOW,
    ]);
    assert.equal(code, 0);
    assert.match(
      stdout,
      /^Not examined\n {2}GET \/time: it asks for credentials, and no credentials were given$/m,
    );
  });

  it('exits with 3 and says so first when every operation refuses the given credentials', async t => {
    const { url, openapi } = await clock(t, 12);
    const args = ['api', 'check', '--openapi', openapi, '--api-url', url, ...SLOW];
    const variables = { API_TOKEN: 'an-old-token' };
    const { code, stdout } = await runHoldfast(args, variables);
    assert.equal(code, 3, stdout);
    assert.match(
      stdout,
      /^Every operation that asks for credentials refused the given ones \(401\)\. 1 operation could not be examined\. Nothing differs in the rest\.\n→ Give some that let in, /,
    );
    const { result } = await runHoldfastJson<ApiReport>(args, variables);
    assert.equal(result.status, 'not_examined');
  });

  it('exits with 2 for what it cannot understand', async t => {
    const { url, openapi, dir } = await clock(t, 12);
    await writeFile(join(dir, 'access.json'), '{"kind":"magic"}');
    const check = ['api', 'check', '--openapi', openapi, '--api-url', url];
    const wrong = [
      ['api'],
      ['api', 'check'],
      ['api', 'examine', '--openapi', openapi],
      ['api', 'check', '--openapi', openapi],
      ['api', 'check', '--openapi', openapi, '--api-url', 'localhost'],
      [...check, '--origin', 'app.example.com'],
      [...check, '--seed', 'x'],
      [...check, '--max-time', 'soon'],
      [...check, '--resolve', 'host'],
      [...check, '--access', join(dir, 'none.json')],
      [...check, '--access', join(dir, 'access.json')],
    ];
    for (const args of wrong) assert.equal((await runHoldfast(args)).code, 2, args.join(' '));
  });

  it('exits with 3 when the document or the API cannot be had', async t => {
    const { openapi, dir, url } = await clock(t, 12);
    await writeFile(join(dir, 'broken.yaml'), 'openapi: 3.0.0\npaths: [');
    const broken = await runHoldfast([
      'api',
      'check',
      '--openapi',
      join(dir, 'broken.yaml'),
      '--api-url',
      url,
    ]);
    assert.equal(broken.code, 3);
    assert.match(broken.stderr, /broken\.yaml:2:\d+: /);
    const away = await runHoldfast(['api', 'check', '--openapi', openapi, '--api-url', 'http://127.0.0.1:1']);
    assert.equal(away.code, 3);
    assert.match(away.stdout, /^Nothing could be examined\./);
  });
});
