import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { type ApiReport, type CheckApiOptions, checkApi, loadDocument } from '../../src/conformance/index.ts';

export type Script = (request: IncomingMessage, response: ServerResponse) => void;

export interface ScriptedApi {
  readonly url: string;
  /** `METHOD /path?query` of every request that came, the first one to find out whether anybody is there left out. */
  readonly requests: readonly string[];
}

/** An API that answers as a test says. Closed with the test. */
export async function scriptedApi(t: TestContext, script: Script): Promise<ScriptedApi> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    request.resume();
    if (request.url !== '/') requests.push(`${request.method} ${request.url}`);
    script(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** The 404 and 405 that the documents of these tests expect nothing of. */
export function refuse(response: ServerResponse, status: 404 | 405): void {
  json(response, status, { message: 'no' });
}

export interface Described {
  readonly paths: Readonly<Record<string, unknown>>;
  readonly rest?: Readonly<Record<string, unknown>>;
}

/** Checks an API against a document of these paths. */
export async function checkPaths(
  api: ScriptedApi,
  { paths, rest }: Described,
  options: CheckApiOptions = {},
): Promise<ApiReport> {
  const text = JSON.stringify({ openapi: '3.1.0', info: { title: 'Test', version: '1' }, paths, ...rest });
  const document = await loadDocument('http://document.invalid/openapi.json', { read: async () => text });
  return checkApi(document, {
    apiUrls: [api.url],
    seed: 1,
    slowMs: 60_000,
    requestsPerSecond: 1_000,
    ...options,
  });
}

/** `kind operation` of every finding. */
export function found({ findings }: ApiReport): string[] {
  return findings.map(({ kind, operation }) => `${kind} ${operation ?? '-'}`);
}

/** A 200 with a JSON object of this schema, as a document describes it. */
export function answers(
  schema: unknown,
  more: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return {
    responses: { 200: { description: 'fine', content: { 'application/json': { schema } } } },
    ...more,
  };
}
