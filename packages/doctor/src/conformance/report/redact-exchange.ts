import { isSecretKey, REDACTED, redact, redactText, shellWord } from '@holdfast/core';
import { isObject } from '../document/json-value.ts';
import type { ApiRequest, Exchange } from '../http/exchange.ts';
import type { FindingExample } from './api-report.ts';

const MAX_EXCERPT = 300;
const MAIL = /[\w.+-]{1,64}@[\w-]{1,63}(\.[\w-]{1,63})+/g;

/** An exchange as a finding shows it: `secrets` and what looks like one are replaced. */
export function exampleOf(
  exchange: Exchange,
  secrets: readonly string[],
  resolve: Readonly<Record<string, string>>,
): FindingExample {
  const { request } = exchange;
  const hide = (text: string): string => withoutSecrets(text, secrets);
  const head = { request: hide(`${request.method} ${request.url}`), curl: hide(curlOf(request, resolve)) };
  if (exchange.result !== 'answered') return head;
  const { status, headers, text } = exchange;
  const contentType = headers['content-type'];
  return {
    ...head,
    status,
    ...(contentType === undefined ? {} : { contentType }),
    ...(text === '' ? {} : { excerpt: excerptOf(text, hide) }),
  };
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  const without = secrets
    .filter(secret => secret.length >= 4)
    .reduce((result, secret) => result.replaceAll(secret, REDACTED), text);
  return redactText(without);
}

/** The beginning of a body; values of secret names and addresses of people are replaced before it is cut. */
function excerptOf(text: string, hide: (text: string) => string): string {
  const clean = hide(redactedBody(text).slice(0, MAX_EXCERPT * 4))
    .replaceAll(MAIL, REDACTED)
    .replaceAll(/\s+/g, ' ')
    .trim();
  return clean.length <= MAX_EXCERPT ? clean : `${clean.slice(0, MAX_EXCERPT - 1)}…`;
}

function redactedBody(text: string): string {
  try {
    return JSON.stringify(redact(beginning(JSON.parse(text))));
  } catch {
    return text;
  }
}

const MAX_ITEMS = 20;

/** What an excerpt can show at most, so that a body of megabytes costs no more than a small one. */
function beginning(value: unknown): unknown {
  if (typeof value === 'string') return value.slice(0, MAX_EXCERPT * 4);
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map(beginning);
  if (!isObject(value)) return value;
  const members = Object.entries(value).slice(0, MAX_ITEMS * 5);
  return Object.fromEntries(members.map(([key, member]) => [key, beginning(member)]));
}

/** Headers that make no difference to what is found, or that curl sets by itself. */
const OWN_HEADERS = new Set(['user-agent', 'accept', 'accept-encoding', 'host', 'content-length']);

/** A command that repeats a request; credentials become variables of the shell. */
export function curlOf(
  { method, url, headers, body }: ApiRequest,
  resolve: Readonly<Record<string, string>> = {},
): string {
  const words = ['curl', '-sS', '-i', ...resolveWords(url, resolve)];
  if (method === 'HEAD') words.push('-I');
  else if (method !== (body === undefined ? 'GET' : 'POST')) words.push('-X', method);
  words.push(shellWord(url));
  for (const [name, value] of Object.entries(headers)) {
    if (!OWN_HEADERS.has(name)) words.push('-H', headerWord(name, value));
  }
  if (body !== undefined) words.push('--data-binary', shellWord(bodyText(body)));
  return words.join(' ');
}

function resolveWords(url: string, resolve: Readonly<Record<string, string>>): string[] {
  const { hostname, port, protocol } = new URL(url);
  const address = resolve[hostname];
  if (address === undefined) return [];
  return ['--resolve', `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}:${address}`];
}

function headerWord(name: string, value: string): string {
  if (name === 'authorization') return `"Authorization: ${value.split(' ', 1)[0]} $TOKEN"`;
  if (name === 'cookie') return '"Cookie: $COOKIE"';
  return isSecretKey(name) ? `"${name}: $SECRET"` : shellWord(`${name}: ${value}`);
}

function bodyText(body: string): string {
  try {
    return JSON.stringify(redact(JSON.parse(body)));
  } catch {
    return redactText(
      body.replaceAll(/((?:^|&)[^=&]*(?:password|secret|token)[^=&]*=)[^&]*/gi, `$1${REDACTED}`),
    );
  }
}
