import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { type Clock, HoldfastError } from '@holdfast/core';
import type { Upstream } from '../supervision/upstream.ts';

/** A request as @fastify/reply-from hands it to its HTTP client. */
export interface UpstreamRequest {
  readonly origin: string;
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body?: string | Uint8Array | Readable | undefined;
}

export interface UpstreamResponse {
  readonly statusCode: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: http.IncomingMessage;
}

export type UpstreamCallback = (error: Error | null, response?: UpstreamResponse) => void;

export interface UpstreamClient {
  request(request: UpstreamRequest, done: UpstreamCallback): void;
  close(): void;
}

export interface UpstreamClientOptions {
  readonly upstream: Pick<Upstream, 'answeredSince'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** How long a silent request waits before the server must have proved by a liveness probe that it lives. */
  readonly patienceMs: number;
}

const REPEATABLE = ['GET', 'HEAD', 'OPTIONS'];

/**
 * Forwards requests. A request that gets no answer is given up after `patienceMs` when the server does not answer its
 * liveness probes either; a slow answer of a server that lives (a long import) is waited for.
 */
export function createUpstreamClient(options: UpstreamClientOptions): UpstreamClient {
  const agents = {
    'http:': new http.Agent({ keepAlive: true }),
    'https:': new https.Agent({ keepAlive: true }),
  };
  return {
    request: (request, done) => send(options, agents, request, done),
    close: () => {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

interface Agents {
  readonly 'http:': http.Agent;
  readonly 'https:': https.Agent;
}

function send(
  options: UpstreamClientOptions,
  agents: Agents,
  request: UpstreamRequest,
  done: UpstreamCallback,
  repeated = false,
): void {
  const url = new URL(request.path, request.origin);
  const secure = url.protocol === 'https:';
  const outgoing = (secure ? https : http).request(url, {
    method: request.method,
    headers: definedHeaders(request.headers),
    agent: secure ? agents['https:'] : agents['http:'],
  });
  const stopWaiting = giveUpWhenSilent(options, outgoing);
  outgoing.once('response', body => {
    stopWaiting();
    done(null, { statusCode: body.statusCode ?? 502, headers: body.headers, body });
  });
  outgoing.once('error', (error: NodeJS.ErrnoException) => {
    stopWaiting();
    // A kept-alive connection may have been closed by the server in the very moment it was used again.
    const repeatable = !repeated && outgoing.reusedSocket && REPEATABLE.includes(request.method);
    if (repeatable && error.code === 'ECONNRESET') send(options, agents, request, done, true);
    else done(error);
  });
  writeBody(outgoing, request.body);
}

function giveUpWhenSilent(
  { upstream, clock, patienceMs }: UpstreamClientOptions,
  outgoing: http.ClientRequest,
): () => void {
  let since = clock.monotonic();
  const timer = setInterval(() => {
    if (!upstream.answeredSince(since)) {
      outgoing.destroy(new HoldfastError('upstream_unavailable', 'The API server does not answer.'));
    }
    since = clock.monotonic();
  }, patienceMs);
  return () => clearInterval(timer);
}

function writeBody(outgoing: http.ClientRequest, body: UpstreamRequest['body']): void {
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) {
    outgoing.end(body);
    return;
  }
  body.once('error', error => outgoing.destroy(error));
  body.once('close', () => {
    if (!body.readableEnded) outgoing.destroy(new Error('the client went away'));
  });
  body.pipe(outgoing);
}

function definedHeaders(headers: UpstreamRequest['headers']): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string | string[]] => entry[1] !== undefined),
  );
}
