import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startTestApp, type TestApp } from './keeper-app.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
after(() => undefined);

async function startUpstream(handler: http.RequestListener): Promise<{ url: string; server: http.Server }> {
  const server = http.createServer(handler);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

async function startKeeper(upstreamUrl?: string): Promise<TestApp> {
  const keeper = await startTestApp(upstreamUrl);
  closing.push(() => keeper.close());
  return keeper;
}

async function assertUnavailable(response: Response): Promise<void> {
  const body = (await response.json()) as Record<string, unknown>;
  assert.equal(response.status, 503);
  assert.equal(response.headers.get('content-type'), 'application/problem+json');
  assert.equal(response.headers.get('retry-after'), '1');
  assert.equal(body.code, 'upstream_unavailable');
}

test('requests and answers go through with method, query, body and headers', async () => {
  const { url } = await startUpstream((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', chunk => chunks.push(chunk));
    request.on('end', () => {
      response.writeHead(201, { 'content-type': 'application/json', 'x-own': 'yes' });
      const { method, url: path, headers } = request;
      response.end(
        JSON.stringify({
          method,
          path,
          type: headers['content-type'],
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
  });
  const keeper = await startKeeper(url);
  const response = await fetch(`${keeper.url}/api/v1/things?a=1&a=2&b=%20x`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: '{"a":1}\n{"b":2}\n',
  });
  assert.equal(response.status, 201);
  assert.equal(response.headers.get('x-own'), 'yes');
  assert.deepEqual(await response.json(), {
    method: 'POST',
    path: '/api/v1/things?a=1&a=2&b=%20x',
    type: 'application/x-ndjson',
    body: '{"a":1}\n{"b":2}\n',
  });
});

test('the server learns the true origin of a request, whatever the client claims', async () => {
  const { url } = await startUpstream((request, response) => response.end(JSON.stringify(request.headers)));
  const keeper = await startKeeper(url);
  const response = await fetch(`${keeper.url}/api/v1/headers`, {
    headers: {
      'x-forwarded-for': '6.6.6.6',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      'x-forwarded-user': 'root',
      forwarded: 'for=6.6.6.6',
      'x-request-id': 'from-the-client-1',
    },
  });
  const headers = (await response.json()) as Record<string, string>;
  assert.equal(headers['x-forwarded-for'], '127.0.0.1');
  assert.equal(headers['x-forwarded-host'], new URL(keeper.url).host);
  assert.equal(headers['x-forwarded-proto'], 'http');
  assert.equal(headers['x-forwarded-user'], undefined);
  assert.equal(headers.forwarded, undefined);
  assert.equal(headers['x-request-id'], 'from-the-client-1');
});

test('only what belongs to the API is forwarded', async () => {
  const paths: string[] = [];
  const { url } = await startUpstream((request, response) => {
    paths.push(request.url ?? '');
    response.end('{}');
  });
  const keeper = await startKeeper(url);
  const forwarded = [
    '/api',
    '/api/v1/x',
    '/docs',
    '/docs/',
    '/openapi.json',
    '/health',
    '/ready',
    '/.well-known/jwks.json',
  ];
  for (const path of forwarded) assert.equal((await fetch(`${keeper.url}${path}`)).status, 200, path);
  assert.deepEqual(paths, forwarded);
  for (const path of ['/metrics', '/apiary', '/healthz', '/api/../metrics', '/api/%2e%2e/metrics']) {
    assert.notEqual((await fetch(`${keeper.url}${path}`)).status, 200, path);
  }
  assert.deepEqual(paths, forwarded);
});

test('an answer of 503 is passed on as it is, and the request is made once', async () => {
  let requests = 0;
  const { url } = await startUpstream((_request, response) => {
    requests += 1;
    response.writeHead(503, { 'retry-after': '1', 'content-type': 'application/problem+json' });
    response.end('{"code":"database_unavailable"}');
  });
  const keeper = await startKeeper(url);
  const response = await fetch(`${keeper.url}/api/v1/users/me`);
  assert.equal(response.status, 503);
  assert.deepEqual(await response.json(), { code: 'database_unavailable' });
  assert.equal(requests, 1);
});

test('without a server, with a port that refuses, and with one that resets, the answer is a 503 problem', async () => {
  const keeper = await startKeeper();
  await assertUnavailable(await fetch(`${keeper.url}/api/v1/users/me`));
  await assertUnavailable(await fetch(`${keeper.url}/ready`));
  const { url, server } = await startUpstream(request => request.socket.destroy());
  keeper.upstream.locate(url);
  await assertUnavailable(await fetch(`${keeper.url}/api/v1/users/me`, { method: 'POST', body: 'x' }));
  await new Promise(resolve => server.close(resolve));
  await assertUnavailable(await fetch(`${keeper.url}/api/v1/users/me`));
});

test('browsers of allowed origins can read that the server is away, others cannot', async () => {
  const keeper = await startKeeper('http://127.0.0.1:1');
  const ask = (origin: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${keeper.url}/api/v1/users/me`, { ...init, headers: { origin, ...init.headers } });
  for (const url of ['http://127.0.0.1:1', undefined]) {
    keeper.upstream.locate(url);
    const response = await ask('https://app.example.com');
    assert.equal(response.headers.get('access-control-allow-origin'), 'https://app.example.com');
    assert.equal(response.headers.get('access-control-allow-credentials'), 'true');
    assert.match(response.headers.get('access-control-expose-headers') ?? '', /Retry-After/);
    assert.equal(response.headers.get('vary'), 'Origin');
    await assertUnavailable(response);
    const headers = {
      'access-control-request-method': 'PATCH',
      'access-control-request-headers': 'authorization',
    };
    const preflight = await ask('https://app.example.com', { method: 'OPTIONS', headers });
    assert.equal(preflight.status, 204);
    assert.equal(preflight.headers.get('access-control-allow-methods'), 'PATCH');
    assert.equal(preflight.headers.get('access-control-allow-headers'), 'authorization');
    const stranger = await ask('https://evil.example', { method: 'OPTIONS', headers });
    assert.equal(stranger.status, 503);
    assert.equal(stranger.headers.get('access-control-allow-origin'), null);
  }
});

test('a server that hangs is a 503 problem, also for an upload', async () => {
  const { url } = await startUpstream(() => undefined);
  const keeper = await startKeeper(url);
  await assertUnavailable(await fetch(`${keeper.url}/api/v1/users/me`));
  await assertUnavailable(
    await fetch(`${keeper.url}/api/v1/users/import`, { method: 'POST', body: 'x'.repeat(1_000_000) }),
  );
});

test('a slow answer of a server that lives is waited for', async () => {
  const { url } = await startUpstream(async (_request, response) => {
    await delay(1_000);
    response.end('{"slow":true}');
  });
  const keeper = await startKeeper(url);
  const alive = setInterval(() => keeper.upstream.noteAnswer(), 20);
  closing.push(() => clearInterval(alive));
  const response = await fetch(`${keeper.url}/api/v1/slow`);
  assert.deepEqual(await response.json(), { slow: true });
});

test('a kept-alive connection that the server has closed does not cost a request', async () => {
  const { url } = await startUpstream((request, response) => {
    response.end('{}', () => setImmediate(() => request.socket.destroy()));
  });
  const keeper = await startKeeper(url);
  for (let count = 0; count < 30; count += 1) {
    assert.equal((await fetch(`${keeper.url}/api/v1/x`)).status, 200);
  }
});

test('web sockets go through in both directions', async () => {
  const { url, server } = await startUpstream((_request, response) => response.end());
  server.on('upgrade', (request, socket) => {
    const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash('sha1').update(key).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.on('error', () => undefined);
    socket.on('data', () => socket.write(textFrame(`${request.url} ${request.headers['x-forwarded-for']}`)));
  });
  const keeper = await startKeeper(url);
  const client = new WebSocket(`${keeper.url.replace('http', 'ws')}/ws/v1?x=1`);
  const answer = new Promise<unknown>((resolve, reject) => {
    client.addEventListener('message', ({ data }) => resolve(data));
    client.addEventListener('error', () => reject(new Error('the web socket failed')));
  });
  await new Promise(resolve => client.addEventListener('open', resolve));
  client.send('hello');
  assert.equal(await answer, '/ws/v1?x=1 127.0.0.1');
  client.close();
});

test('a web socket without a server is refused', async () => {
  const keeper = await startKeeper();
  const client = new WebSocket(`${keeper.url.replace('http', 'ws')}/ws`);
  const outcome = await new Promise<string>(resolve => {
    client.addEventListener('open', () => resolve('open'));
    client.addEventListener('error', () => resolve('refused'));
  });
  assert.equal(outcome, 'refused');
});

/** An unmasked text frame of at most 125 bytes (RFC 6455 section 5.2). */
function textFrame(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, Buffer.byteLength(text)]), Buffer.from(text)]);
}
