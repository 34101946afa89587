import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'pg';
import { CATALOG_ROUTES } from './catalog-routes.ts';
import { ORDER_ROUTES } from './order-routes.ts';
import { SESSION_ROUTES } from './session-routes.ts';
import { type ShopAnswer, ShopError, type ShopRoute } from './shop-route.ts';
import { readShopSettings, type ShopSettings } from './shop-settings.ts';
import { readToken } from './shop-tokens.ts';

/** The program of the shop: an API of another design than Holdfast's, with nothing of Holdfast in it. */
const ROUTES = [...CATALOG_ROUTES, ...SESSION_ROUTES, ...ORDER_ROUTES];
const MAX_BODY = 100_000;

const settings = readShopSettings(process.env);
const pool = new Pool({ connectionString: settings.databaseUrl, max: 4, connectionTimeoutMillis: 3_000 });
pool.on('error', error => log('error', { message: error.message }));
const server = createServer((request, response) => void serve(request, response));
server.listen(settings.port, '127.0.0.1', () => {
  log('info', { message: 'listening', port: (server.address() as AddressInfo).port });
});
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  void pool.end();
});

function log(level: string, facts: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, ...facts })}\n`);
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const begin = performance.now();
  cors(request, response, settings);
  try {
    const answer = request.method === 'OPTIONS' ? { status: 204 } : await answerTo(request);
    write(response, answer, {
      data: answer.data ?? null,
      error: null,
      ...(answer.meta ? { meta: answer.meta } : {}),
    });
  } catch (error) {
    fail(request, response, error);
  }
  const ms = Math.round(performance.now() - begin);
  log('info', { method: request.method, path: request.url?.split('?')[0], status: response.statusCode, ms });
}

async function answerTo(request: IncomingMessage): Promise<ShopAnswer> {
  const url = new URL(request.url ?? '/', 'http://shop');
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
  const known = ROUTES.filter(route => !settings.removed.includes(`${route.method} ${route.path}`));
  const matching = known.flatMap(route => {
    const params = match(route, url.pathname);
    return params === undefined ? [] : [{ route, params }];
  });
  if (matching.length === 0) throw new ShopError(404, 'not_found', 'There is no such path.');
  const found = matching.find(({ route }) => route.method === method);
  if (found === undefined) throw new ShopError(405, 'method_not_allowed', 'This path knows other methods.');
  const { route, params } = found;
  const customerId = signedIn(request, route);
  const body = await readBody(request);
  if (settings.broken.includes(`${route.method} ${route.path}`))
    throw new TypeError('undefined is not a product');
  return route.answer({
    pool,
    settings,
    params,
    query: url.searchParams,
    body,
    cookies: cookiesOf(request),
    customerId,
  });
}

function match(route: ShopRoute, path: string): Record<string, string> | undefined {
  const wanted = route.path.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    if (part.startsWith(':')) params[part.slice(1)] = given[index] ?? '';
    else if (part !== given[index]) return undefined;
  }
  return params;
}

/** Who sends the request. Throws unless the route lets everybody in. */
function signedIn({ headers }: IncomingMessage, { method, path, guarded }: ShopRoute): number {
  const name = `${method} ${path}`;
  const [scheme, token = ''] = (headers.authorization ?? '').split(' ');
  const customerId = scheme === 'Bearer' ? readToken(token, settings.jwtVerifySecret, Date.now()) : undefined;
  const needed = (guarded && !settings.unguarded.includes(name)) || settings.guarded.includes(name);
  if (needed && customerId === undefined)
    throw new ShopError(401, 'token_invalid', 'A valid token is needed.');
  return customerId ?? 0;
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += (chunk as Buffer).length;
    if (length > MAX_BODY) throw new ShopError(413, 'too_large', 'The body is too large.');
    chunks.push(chunk as Buffer);
  }
  const text = Buffer.concat(chunks).toString();
  if (text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // told below
  }
  throw new ShopError(422, 'invalid_body', 'The body is no JSON object.');
}

function cookiesOf({ headers }: IncomingMessage): Map<string, string> {
  return new Map(
    (headers.cookie ?? '').split(';').map(pair => {
      const [name = '', value = ''] = pair.trim().split('=');
      return [name, value];
    }),
  );
}

function cors(
  { headers }: IncomingMessage,
  response: ServerResponse,
  { origins, corsCredentials }: ShopSettings,
): void {
  response.setHeader('vary', 'Origin');
  if (headers.origin === undefined || !origins.includes(headers.origin)) return;
  response.setHeader('access-control-allow-origin', headers.origin);
  if (corsCredentials) response.setHeader('access-control-allow-credentials', 'true');
  response.setHeader('access-control-allow-methods', 'GET, HEAD, POST, DELETE');
  response.setHeader('access-control-allow-headers', 'authorization, content-type');
}

function fail(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  const known = error instanceof ShopError ? error : undefined;
  if (known === undefined) {
    const { message, code } = error as { message?: string; code?: string };
    log('error', { method: request.method, path: request.url?.split('?')[0], message, code });
  }
  const told = known ?? new ShopError(500, 'internal', 'Something went wrong.');
  write(response, { status: told.status }, { data: null, error: { code: told.code, message: told.message } });
}

function write(response: ServerResponse, { status, cookie }: ShopAnswer, body: unknown): void {
  if (cookie !== undefined) response.setHeader('set-cookie', cookie);
  if (status === 204) {
    response.writeHead(204).end();
    return;
  }
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}
