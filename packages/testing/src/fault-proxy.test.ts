import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { eventually } from './eventually.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';

const seen: string[] = [];
const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  seen.push(`${request.method} ${request.url} ${body}`);
  if (request.url === '/never') {
    response.once('close', () => seen.push('hung up'));
    return;
  }
  response.writeHead(201, { 'x-answer': 'yes' }).end(`got ${body}`);
});
let target: string | undefined;
let drop = false;
let proxy: FaultProxy;

before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  proxy = await startFaultProxy({ target: () => target, dropAnswer: () => drop });
});
after(async () => {
  await proxy.close();
  server.close();
  server.closeAllConnections();
});

const post = () => fetch(`${proxy.url}/path?q=1`, { method: 'POST', body: 'hello' });

test('passes request and answer on', async () => {
  const response = await post();
  assert.deepEqual(
    [response.status, response.headers.get('x-answer'), await response.text()],
    [201, 'yes', 'got hello'],
  );
  assert.equal(seen.at(-1), 'POST /path?q=1 hello');
});

test('a dropped answer is lost after the server has done its work', async () => {
  drop = true;
  const before = seen.length;
  await assert.rejects(post());
  assert.equal(seen.length, before + 1);
  assert.equal(proxy.counts.dropped, 1);
  drop = false;
});

test('without a target the connection is cut, and it works again with one', async () => {
  const kept = target;
  target = undefined;
  await assert.rejects(post());
  target = 'http://127.0.0.1:1';
  await assert.rejects(post());
  target = kept;
  assert.equal((await post()).status, 201);
  assert.equal(proxy.counts.cut, 2);
});

test('a client that hangs up hangs up on the server', async () => {
  const hangUp = new AbortController();
  const asked = fetch(`${proxy.url}/never`, { signal: hangUp.signal });
  asked.catch(() => undefined);
  await eventually(() => seen.at(-1) === 'GET /never ');
  hangUp.abort();
  await eventually(() => seen.at(-1) === 'hung up');
});
