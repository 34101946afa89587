import type { Evaluator } from '../values/evaluator.ts';
import { readMember } from '../values/members.ts';
import { type Client, literalOf, NOTHING, optionsOf, text, unknown, type Value } from '../values/value.ts';

/** One request that a call makes, before its URL and method are read. */
export interface RawRequest {
  readonly library: string;
  readonly client: Client | undefined;
  readonly method: Value;
  readonly url: Value;
  readonly base: Value | undefined;
  /** The options of the request: headers, credentials and so on. */
  readonly init: Value;
  readonly credentials: boolean;
  /** Whether another base takes the place of one that is not set. */
  readonly hasFallback?: boolean;
}

const VERBS = new Set(['get', 'delete', 'head', 'options', 'post', 'put', 'patch']);
const GET = text('GET');

/** The requests of a call to a function of a library or of the browser; undefined when it is none of them. */
export function requestsOf(
  evaluator: Evaluator,
  callee: Value,
  args: readonly Value[],
): readonly RawRequest[] | undefined {
  if (callee.kind === 'native') return nativeRequests(evaluator, callee.name, args);
  if (callee.kind === 'client') return clientCall(evaluator, callee.client, args);
  if (callee.kind === 'verb') return verbCall(evaluator, callee.client, callee.verb, args);
  return undefined;
}

function nativeRequests(
  evaluator: Evaluator,
  name: string,
  [first = NOTHING, second = NOTHING]: readonly Value[],
): readonly RawRequest[] | undefined {
  switch (name) {
    case 'fetch':
      if (optionsOf(first).every(({ kind }) => kind !== 'request'))
        return [configured(evaluator, 'fetch', first, second, undefined)];
      return optionsOf(first).flatMap(option => fetchRequest(evaluator, option, second));
    case '$fetch':
    case '$fetch.raw':
    case 'useFetch':
    case 'useLazyFetch':
      return [configured(evaluator, 'ofetch', first, second, undefined)];
    case 'xhr.open':
      return [{ ...plain('XMLHttpRequest', second), method: upper(first) }];
    case 'EventSource':
      return [plain('EventSource', first)];
    case 'navigator.sendBeacon':
      return [{ ...plain('sendBeacon', first), method: text('POST') }];
    default:
      return undefined;
  }
}

function plain(library: string, url: Value): RawRequest {
  return { library, client: undefined, method: GET, url, base: undefined, init: NOTHING, credentials: false };
}

function fetchRequest(evaluator: Evaluator, input: Value, init: Value): readonly RawRequest[] {
  if (input.kind === 'request') {
    const own = configured(evaluator, 'fetch', input.url, input.init, undefined);
    return [init.kind === 'nothing' ? own : { ...own, init }];
  }
  return [configured(evaluator, 'fetch', input, init, undefined)];
}

function configured(
  evaluator: Evaluator,
  library: string,
  url: Value,
  init: Value,
  client: Client | undefined,
  verb?: string,
): RawRequest {
  const option = (name: string) => readMember(evaluator, init, name);
  const method = option('method');
  const known = (value: Value) => (value.kind === 'nothing' || value.kind === 'unknown' ? undefined : value);
  const bases = ['baseURL', 'baseUrl', 'prefixUrl', 'prefix'].map(option).map(known);
  const base = bases.find(value => value !== undefined && value.kind !== 'param') ?? client?.base;
  const credentials = ['credentials', 'withCredentials'].some(name =>
    ['include', 'true'].includes(literalOf(option(name)) ?? ''),
  );
  return {
    ...{ library, client, url, base, init },
    method: verb === undefined ? upper(method.kind === 'nothing' ? GET : method) : text(verb.toUpperCase()),
    credentials: credentials || client?.credentials === true,
  };
}

/** The method in capitals; where it is an argument it is read later. */
function upper(value: Value): Value {
  const literal = literalOf(value);
  if (value.kind === 'param' && value.fallback === undefined) return { ...value, fallback: GET };
  return literal === undefined ? value : text(literal.toUpperCase());
}

function clientCall(
  evaluator: Evaluator,
  client: Client,
  [first = NOTHING, second = NOTHING]: readonly Value[],
): readonly RawRequest[] {
  if (first.kind !== 'object') {
    const request = configured(evaluator, client.library, first, second, client);
    // One unknown argument may be a URL as well as a whole configuration.
    const isConfig =
      first.kind === 'unknown' ||
      (first.kind === 'param' && /config|original|request|options/i.test(first.name));
    return [isConfig && second.kind === 'nothing' ? { ...request, method: unknown('method') } : request];
  }
  return [configured(evaluator, client.library, readMember(evaluator, first, 'url'), first, client)];
}

function verbCall(
  evaluator: Evaluator,
  client: Client,
  verb: string,
  args: readonly Value[],
): readonly RawRequest[] | undefined {
  const [first = NOTHING, second = NOTHING, third = NOTHING] = args;
  const { library } = client;
  if (library === 'openapi-react-query')
    return /^use|Options$/.test(verb)
      ? [{ ...configured(evaluator, library, second, third, client), method: upper(first) }]
      : undefined;
  if (library === 'openapi-fetch')
    return VERBS.has(verb.toLowerCase()) && verb === verb.toUpperCase()
      ? [configured(evaluator, library, first, second, client, verb)]
      : undefined;
  if (verb === 'request' && library === 'angular')
    return [{ ...configured(evaluator, library, second, third, client), method: upper(first) }];
  if (verb === 'request' || verb === 'raw' || verb === 'native') return clientCall(evaluator, client, args);
  const name = verb === 'del' ? 'delete' : verb.replace(/Form$/, '').toLowerCase();
  if (!VERBS.has(name)) return undefined;
  const hasBody = ['axios', 'angular'].includes(library) && ['post', 'put', 'patch'].includes(name);
  return [configured(evaluator, library, first, hasBody ? third : second, client, name)];
}
