import httpProxy from '@fastify/http-proxy';
import { SOCKET_PROTOCOL } from '@holdfast/contract';
import type { Clock } from '@holdfast/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Upstream } from '../supervision/upstream.ts';
import { answerOutage, unavailable } from './outage.ts';
import { createUpstreamClient, type UpstreamCallback, type UpstreamRequest } from './upstream-client.ts';

/** What the keeper forwards to the API server; everything else is the keeper's own or does not exist. */
const FORWARDED = ['/api', '/ws', '/docs', '/oauth2', '/.well-known'].flatMap(prefix => [
  prefix,
  `${prefix}/*`,
]);
const FORWARDED_FILES = ['/openapi.json', '/health', '/ready'];

const HANDSHAKE_TIMEOUT_MS = 2_500;
const CLOSE_TIMEOUT_MS = 2_000;
const MAX_SOCKET_MESSAGE_BYTES = 1_048_576;

export interface ProxyOptions {
  readonly upstream: Upstream;
  readonly clock: Clock;
  readonly patienceMs: number;
  /** Browser origins that may read the answers, also those that are given in the place of the server. */
  readonly corsOrigins: readonly string[];
}

/** Forwards HTTP and WebSocket requests; an absent, refusing or hung server is a 503 problem. */
export async function registerProxy(app: FastifyInstance, options: ProxyOptions): Promise<void> {
  const { upstream, corsOrigins } = options;
  const client = createUpstreamClient(options);
  app.addHook('onClose', async () => client.close());
  await app.register(httpProxy, {
    upstream: '',
    routes: [...FORWARDED, ...FORWARDED_FILES],
    disableRequestLogging: true,
    // The client of reply-from, given as the object it asks for; its declared type is a whole undici dispatcher.
    undici: {
      request: (request: UpstreamRequest, done: UpstreamCallback) => client.request(request, done),
    } as never,
    preHandler: (request, reply, done) => {
      if (upstream.url === undefined) answerOutage(request, reply, corsOrigins);
      else done();
    },
    replyOptions: {
      getUpstream: () => upstreamUrl(upstream),
      rewriteRequestHeaders: (request, headers) => forwardedHeaders(request as FastifyRequest, headers),
      // Without this, answers of 503 to GET are asked for again by reply-from itself.
      retryDelay: () => null,
      onError: (reply, { error }) =>
        answerOutage(reply.request as FastifyRequest, reply as FastifyReply, corsOrigins, error),
    },
    websocket: true,
    wsServerOptions: {
      maxPayload: MAX_SOCKET_MESSAGE_BYTES,
      closeTimeout: CLOSE_TIMEOUT_MS,
      handleProtocols: chooseProtocol,
    } as object,
    wsClientOptions: {
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      queryString: (search: string) => withoutToken(search),
      closeTimeout: CLOSE_TIMEOUT_MS,
      rewriteRequestHeaders: (_headers: unknown, request: FastifyRequest) => socketHeaders(request),
    } as object,
  });
}

function upstreamUrl(upstream: Upstream): string {
  if (upstream.url === undefined) throw unavailable();
  return upstream.url;
}

const DROPPED = ['forwarded', 'expect', 'keep-alive', 'te', 'trailer', 'upgrade', 'proxy-authorization'];

type ForwardedHeaders = Record<string, string | string[] | undefined>;

/** What the server is told about the client. Values that the client itself sent under these names are not believed. */
function forwardedHeaders(request: FastifyRequest, headers: ForwardedHeaders): ForwardedHeaders {
  const kept = Object.entries(headers).filter(
    ([name]) => !DROPPED.includes(name) && !name.startsWith('x-forwarded-'),
  );
  return { ...Object.fromEntries(kept), ...originHeaders(request) };
}

const SOCKET_HEADERS = ['authorization', 'cookie', 'origin', 'user-agent', 'accept-language'] as const;

function socketHeaders(request: FastifyRequest): ForwardedHeaders {
  const sent = SOCKET_HEADERS.filter(name => request.headers[name] !== undefined);
  const token = socketToken(request);
  return {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...Object.fromEntries(sent.map(name => [name, request.headers[name]])),
    ...originHeaders(request),
  };
}

/**
 * The choice of the server, made for it, because the client is answered before the server is asked. Never a token: what
 * is chosen is sent back in a header.
 */
function chooseProtocol(offered: ReadonlySet<string>): string | false {
  return offered.has(SOCKET_PROTOCOL) ? SOCKET_PROTOCOL : false;
}

const TOKEN_PROTOCOL = /(?:^|,)\s*bearer\.([^\s,]+)/;

/**
 * The token that a browser can only bring as a subprotocol or in the URL. It goes on as a header: the chosen subprotocol
 * is the only one that is forwarded, and URLs get into logs.
 */
function socketToken({ headers, url }: FastifyRequest): string | undefined {
  const [, offered] = TOKEN_PROTOCOL.exec(headers['sec-websocket-protocol'] ?? '') ?? [];
  return offered ?? new URL(url, 'ws://keeper').searchParams.get('token') ?? undefined;
}

function withoutToken(search: string): string {
  const parameters = new URLSearchParams(search);
  parameters.delete('token');
  return parameters.toString();
}

function originHeaders(request: FastifyRequest): Record<string, string> {
  return {
    'x-forwarded-for': request.ip,
    'x-forwarded-proto': request.protocol,
    'x-forwarded-host': request.host,
    'x-request-id': request.id,
  };
}
