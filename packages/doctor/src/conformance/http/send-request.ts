import { lookup } from 'node:dns';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIPv6, type LookupFunction } from 'node:net';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib';
import { type Clock, errorMessage, redactText } from '@holdfast/core';
import type { ApiAnswer, ApiRequest, Exchange } from './exchange.ts';

export interface SendOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Addresses of host names, instead of those that DNS knows. */
  readonly resolve: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
}

/** Sends requests over connections of its own, until closed. */
export interface Sender {
  /** Never follows a redirect, and never rejects unless aborted. */
  send(request: ApiRequest): Promise<Exchange>;
  close(): void;
}

const MAX_BODY_BYTES = 5 * 1_048_576;

export function createSender(options: SendOptions): Sender {
  const own = lookupFunction(options.resolve);
  const settings = { keepAlive: true, maxSockets: 2, ...(own === undefined ? {} : { lookup: own }) };
  const http = new HttpAgent(settings);
  const https = new HttpsAgent(settings);
  return {
    send: request => send(request, request.url.startsWith('https:') ? https : http, options),
    close: () => {
      http.destroy();
      https.destroy();
    },
  };
}

/** Undefined when nothing is to be resolved otherwise. */
function lookupFunction(resolve: Readonly<Record<string, string>>): LookupFunction | undefined {
  if (Object.keys(resolve).length === 0) return undefined;
  return (hostname, options, callback) => {
    const address = resolve[hostname];
    if (address === undefined) {
      lookup(hostname, options, callback);
      return;
    }
    const family = isIPv6(address) ? 6 : 4;
    if (options.all === true) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
}

async function send(request: ApiRequest, agent: HttpAgent, options: SendOptions): Promise<Exchange> {
  const { clock, timeoutMs, signal } = options;
  const begin = clock.monotonic();
  const timeout = AbortSignal.timeout(timeoutMs);
  const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  try {
    const message = await open(request, agent, either);
    const { bytes, truncated } = await readBody(message);
    const milliseconds = clock.monotonic() - begin;
    return answerOf(request, message, {
      ...(await decode(bytes, truncated, message)),
      truncated,
      milliseconds,
    });
  } catch (error) {
    signal?.throwIfAborted();
    const code = (error as { code?: unknown }).code;
    return {
      result: timeout.aborted ? 'timeout' : 'broken',
      request,
      message: timeout.aborted ? `no answer within ${timeoutMs} ms` : redactText(errorMessage(error)),
      code: typeof code === 'string' ? code : undefined,
      milliseconds: clock.monotonic() - begin,
    };
  }
}

function open(
  { method, url, headers, body }: ApiRequest,
  agent: HttpAgent,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const start = url.startsWith('https:') ? httpsRequest : httpRequest;
    const outgoing = start(url, { method, headers: { ...headers, ...length }, agent, signal });
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

async function readBody(message: IncomingMessage): Promise<{ bytes: Buffer; truncated: boolean }> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    // leaving the loop destroys the connection
    if (length > MAX_BODY_BYTES)
      return { bytes: Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES), truncated: true };
  }
  return { bytes: Buffer.concat(chunks), truncated: false };
}

const DECODERS: Readonly<Record<string, (bytes: Buffer) => Promise<Buffer>>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
};

interface Decoded {
  readonly text: string;
  readonly undecodable: string | undefined;
}

async function decode(bytes: Buffer, truncated: boolean, { headers }: IncomingMessage): Promise<Decoded> {
  const encoding = (headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding === 'identity' || bytes.length === 0)
    return { text: bytes.toString('utf8'), undecodable: undefined };
  const decoder = DECODERS[encoding];
  if (truncated) return { text: '', undecodable: undefined };
  if (decoder === undefined)
    return { text: '', undecodable: `its content encoding is "${encoding}", which was not asked for` };
  try {
    return { text: (await decoder(bytes)).toString('utf8'), undecodable: undefined };
  } catch (error) {
    return {
      text: '',
      undecodable: `its body is not ${encoding}, as its header says: ${errorMessage(error)}`,
    };
  }
}

function answerOf(
  request: ApiRequest,
  { statusCode = 0, headers }: IncomingMessage,
  body: Pick<ApiAnswer, 'text' | 'truncated' | 'undecodable' | 'milliseconds'>,
): ApiAnswer {
  const { 'set-cookie': setCookies = [], ...others } = headers;
  const flat = Object.entries(others).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : (value ?? ''),
  ]);
  const mediaType = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return {
    result: 'answered',
    request,
    status: statusCode,
    headers: Object.fromEntries(flat),
    setCookies,
    mediaType,
    ...body,
  };
}
