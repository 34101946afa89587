import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { systemClock } from '@holdfast/core';
import { eventually } from '@holdfast/testing';
import Fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import { pino } from 'pino';
import { type ProxyOptions, registerProxy } from '../src/http/proxy.ts';
import { createUpstream } from '../src/supervision/upstream.ts';

interface Forwarded {
  readonly url: string;
  readonly log: string;
  readonly seen: IncomingMessage[];
}

/** A proxy before a server that remembers handshakes and refuses them. */
async function forwarding(t: TestContext): Promise<Forwarded & { lines(): string }> {
  const seen: IncomingMessage[] = [];
  const server = createServer().on('upgrade', (request, socket) => {
    seen.push(request);
    socket.destroy();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.after(() => new Promise(resolve => server.close(resolve)));
  const chunks: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => void chunks.push(line) });
  const app = Fastify({
    loggerInstance: log as FastifyBaseLogger,
    // as in the keeper
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
  });
  const upstreamUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const upstream = createUpstream(systemClock, upstreamUrl);
  const corsOrigins: readonly string[] = [];
  const options = { upstream, clock: systemClock, patienceMs: 200, corsOrigins };
  await registerProxy(app, options as ProxyOptions);
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  t.after(() => app.close());
  return { url: url.replace('http', 'ws'), log: '', seen, lines: () => chunks.join('') };
}

function attempt(url: string, protocols: readonly string[]): Promise<void> {
  const socket = new WebSocket(url, [...protocols]);
  return new Promise(resolve => socket.addEventListener('close', () => resolve()));
}

test('a token in the subprotocols or in the URL goes on as a header, and into no log', async t => {
  const { url, seen, lines } = await forwarding(t);
  await attempt(`${url}/ws`, ['holdfast.v1', 'bearer.the-first-token']);
  await attempt(`${url}/ws?token=the-second-token&other=1`, []);
  await attempt(`${url}/ws`, ['holdfast.v1']);
  assert.deepEqual(
    seen.map(({ headers, url: target }) => [headers.authorization, target?.replace(/\?$/, '')]),
    [
      ['Bearer the-first-token', '/ws'],
      ['Bearer the-second-token', '/ws?other=1'],
      [undefined, '/ws'],
    ],
  );
  assert.equal(seen[0]?.headers['sec-websocket-protocol'], 'holdfast.v1');
  assert.doesNotMatch(lines(), /the-(first|second)-token/);
});

/** The subprotocol that the keeper says it has chosen. */
async function chosenProtocol(url: string, offered: string): Promise<string | undefined> {
  const handshake = request(`${url.replace('ws:', 'http:')}/ws`, {
    headers: {
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': Buffer.alloc(16).toString('base64'),
      'sec-websocket-protocol': offered,
    },
  });
  handshake.end();
  const [answer, socket] = (await once(handshake, 'upgrade')) as [IncomingMessage, Socket];
  socket.destroy();
  return answer.headers['sec-websocket-protocol'];
}

test('a token among the subprotocols is never sent back as the chosen one', async t => {
  const { url, seen } = await forwarding(t);
  assert.equal(await chosenProtocol(url, 'bearer.abc'), undefined);
  assert.equal(await chosenProtocol(url, 'bearer.abc, holdfast.v1'), 'holdfast.v1');
  assert.equal(await chosenProtocol(url, 'somebody.elses, bearer.abc'), undefined);
  await eventually(async () => seen.length === 3);
  assert.deepEqual(
    seen.map(({ headers }) => [headers['sec-websocket-protocol'], headers.authorization]),
    [
      [undefined, 'Bearer abc'],
      ['holdfast.v1', 'Bearer abc'],
      [undefined, 'Bearer abc'],
    ],
  );
});
