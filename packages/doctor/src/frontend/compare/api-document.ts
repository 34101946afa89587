import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { errorMessage, HoldfastError, isHoldfastError } from '@holdfast/core';

/** The part of an OpenAPI 3 document that calls are compared with. */
export interface ApiDocument {
  readonly name: string;
  readonly operations: readonly ApiOperation[];
  /** The servers' hosts and path prefixes. */
  readonly servers: readonly { readonly origin: string; readonly prefix: string }[];
}

export interface ApiOperation {
  readonly method: string;
  /** `/users/{id}`. */
  readonly path: string;
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
const TIMEOUT_MS = 10_000;

/** The contract of Holdfast itself, which is only loaded when it is wanted: it takes longer than to map a small program. */
export async function holdfastDocument(): Promise<ApiDocument> {
  const { openApiDocument, operations } = await import('@holdfast/contract');
  return parseApiDocument('holdfast', openApiDocument(operations, { version: '0', serverUrl: '/' }));
}

/**
 * Reads an OpenAPI 3 document, JSON or YAML, from a file or URL. Throws `usage` when there is none, when it cannot be read or
 * when it is something else.
 */
export async function readApiDocument(source: string): Promise<ApiDocument> {
  const text = await loadText(source).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HoldfastError('usage', `The OpenAPI document ${source} cannot be read: ${reason}.`, { cause });
  });
  const { parseText } = await import('../../conformance/document/parse-text.ts');
  try {
    return parseApiDocument(source, parseText(text, isUrl(source) ? source : pathToFileURL(source).href));
  } catch (cause) {
    if (isHoldfastError(cause, 'usage')) throw cause;
    throw new HoldfastError('usage', errorMessage(cause), { cause });
  }
}

function isUrl(source: string): boolean {
  return /^https?:\/\//i.test(source);
}

async function loadText(source: string): Promise<string> {
  if (!isUrl(source)) return readFile(source, 'utf8');
  const response = await fetch(source, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`the server answers ${response.status}`);
  return response.text();
}

/** Throws `usage` when the value is not an OpenAPI 3 document. */
export function parseApiDocument(name: string, value: unknown): ApiDocument {
  if (
    !isRecord(value) ||
    typeof value.openapi !== 'string' ||
    !value.openapi.startsWith('3') ||
    !isRecord(value.paths)
  )
    throw new HoldfastError(
      'usage',
      `${name} is not an OpenAPI 3 document: it has no "openapi": "3…" with "paths".`,
    );
  const found = Object.entries(value.paths).flatMap(([path, item]) =>
    isRecord(item)
      ? METHODS.filter(method => isRecord(item[method])).map(method => ({
          method: method.toUpperCase(),
          path,
        }))
      : [],
  );
  const servers = Array.isArray(value.servers) ? value.servers : [];
  const urls = servers.flatMap(server =>
    isRecord(server) && typeof server.url === 'string' ? [server.url] : [],
  );
  return { name, operations: found, servers: (urls.length === 0 ? ['/'] : urls).map(readServer) };
}

function readServer(url: string): { origin: string; prefix: string } {
  const origin = /^(?:https?:)?\/\/[^/]+/i.exec(url)?.[0] ?? '';
  return { origin, prefix: url.slice(origin.length).replace(/\/+$/, '') };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
