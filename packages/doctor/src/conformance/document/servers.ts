import { isObject, type JsonObject, membersOf } from './json-value.ts';
import type { LoadedDocument } from './load-document.ts';

/** The first server of a list with its variables at their defaults, absolute when the document has an HTTP address. */
export function serverUrl(servers: unknown, documentUri: string): string | undefined {
  const [first] = Array.isArray(servers) ? servers : [];
  if (!isObject(first) || typeof first.url !== 'string') return undefined;
  const values = new Map(membersOf(first.variables).map(([name, value]) => [name, defaultOf(value)]));
  const url = first.url.replaceAll(/\{([^}]+)\}/g, (whole, name: string) => values.get(name) ?? whole);
  if (/^https?:/i.test(url)) return url;
  return documentUri.startsWith('http') ? new URL(url, documentUri).href : url;
}

function defaultOf(variable: unknown): string | undefined {
  if (!isObject(variable)) return undefined;
  const [first] = Array.isArray(variable.enum) ? variable.enum : [];
  const value = variable.default ?? first;
  return value === undefined ? undefined : String(value);
}

/** The server of a whole document, `/` when it names none. */
export function documentServer({ root, uri }: LoadedDocument): string {
  return serverUrl((root.value as JsonObject).servers, uri) ?? serverUrl([{ url: '/' }], uri) ?? '/';
}

/**
 * The address that paths are added to, without a slash at its end. An API URL without a path replaces where the document's
 * server is and keeps its path; one with a path replaces all of it. Undefined when the host is not known.
 */
export function baseUrl(server: string, apiUrl: string | undefined): string | undefined {
  if (apiUrl === undefined) return URL.canParse(server) ? withoutSlash(new URL(server).href) : undefined;
  const own = new URL(apiUrl);
  if (own.pathname !== '/') return withoutSlash(own.href);
  return withoutSlash(`${own.origin}${new URL(server, own).pathname}`);
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
