import type { Entry } from '../entry.ts';
import { ERROR_CLASSES } from './error-class.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import { PagedSeries } from './paged-series.ts';
import type { RouteMatcher } from './route-matcher.ts';

export type EndpointRole = 'login' | 'refresh' | 'other';

/** What is counted of one method and path template. */
export interface Endpoint {
  /** `POST /api/v1/auth/login`. */
  readonly name: string;
  readonly role: EndpointRole;
  readonly total: PagedSeries;
  /** By index of the error class. */
  readonly errors: (PagedSeries | undefined)[];
  /** Sums of the logarithm of durations, with how many there were. */
  readonly logDurations: PagedSeries;
  readonly durations: PagedSeries;
  readonly latency: LatencyHistogram;
}

const MAX_ENDPOINTS = 500;
const MAX_PATHS = 20_000;
const REFRESH = /refresh|renew/i;
const LOGIN = /(?:^|[/_-])(?:log-?in|sign-?in|sessions?|authenticate|token|mfa|step-up)(?:\.\w+)?$/i;

/**
 * Endpoints by method and path template. Paths that never had another answer than "no such thing" are no endpoints: a
 * scanner would fill the table with them.
 */
export class EndpointTable {
  readonly endpoints = new Map<string, Endpoint>();
  /** Everything that did not fit into the table. */
  readonly others = newEndpoint('(other endpoints)');
  /** Requests for what was never there. */
  readonly strangers = newEndpoint('(unknown routes)');
  readonly #paths = new Map<string, Map<string, Endpoint>>();
  readonly #match: RouteMatcher;

  constructor(match: RouteMatcher) {
    this.#match = match;
  }

  /** The endpoint of a request. */
  of(entry: Entry): Endpoint {
    const { method, path, status } = entry;
    let byPath = this.#paths.get(method);
    if (byPath === undefined) {
      byPath = new Map();
      this.#paths.set(method, byPath);
    }
    const known = byPath.get(path);
    if (known !== undefined && (known !== this.strangers || isStrange(status))) return known;
    const found = this.#find(entry);
    if (byPath.size >= MAX_PATHS) byPath.clear();
    byPath.set(path, found);
    return found;
  }

  /** The endpoint of a request if there is one, without making any. */
  lookUp({ method, path, routed }: Entry): Endpoint {
    return this.endpoints.get(`${method} ${routed ? path : this.#match(path)}`) ?? this.strangers;
  }

  #find({ method, path, routed, status }: Entry): Endpoint {
    if (path === '' || method === '') return this.strangers;
    const name = `${method} ${routed ? path : this.#match(path)}`;
    const known = this.endpoints.get(name);
    if (known !== undefined) return known;
    if (!routed && isStrange(status)) return this.strangers;
    if (this.endpoints.size >= MAX_ENDPOINTS) return this.others;
    const made = newEndpoint(name);
    this.endpoints.set(name, made);
    return made;
  }
}

/** Answers that say nothing about whether there is such a route. */
function isStrange(status: number): boolean {
  return (
    status === 404 || status === 400 || status === 405 || status === 301 || status === 403 || status === 429
  );
}

export function newEndpoint(name: string): Endpoint {
  return {
    name,
    role: roleOf(name),
    total: new PagedSeries(),
    errors: new Array(ERROR_CLASSES.length).fill(undefined),
    logDurations: new PagedSeries(),
    durations: new PagedSeries(),
    latency: new LatencyHistogram(),
  };
}

function roleOf(name: string): EndpointRole {
  if (REFRESH.test(name)) return 'refresh';
  return name.startsWith('POST ') && LOGIN.test(name) ? 'login' : 'other';
}

/** Counts one request. */
export function countRequest(
  endpoint: Endpoint,
  bucket: number,
  errorClass: number,
  durationMs: number,
): void {
  endpoint.total.add(bucket, 1);
  if (errorClass >= 0) {
    endpoint.errors[errorClass] ??= new PagedSeries();
    endpoint.errors[errorClass].add(bucket, 1);
  }
  if (durationMs < 0) return;
  endpoint.latency.add(durationMs);
  endpoint.durations.add(bucket, 1);
  endpoint.logDurations.add(bucket, Math.log(Math.max(durationMs, 0.1)));
}

/** The errors of some classes in one bucket. */
export function errorsAt(endpoint: Endpoint, classes: readonly number[], bucket: number): number {
  let sum = 0;
  for (const index of classes) sum += endpoint.errors[index]?.at(bucket) ?? 0;
  return sum;
}

/** The errors of some classes in a range of buckets, both ends included. */
export function errorsBetween(
  endpoint: Endpoint,
  classes: readonly number[],
  from: number,
  to: number,
): number {
  return classes.reduce((sum, index) => sum + (endpoint.errors[index]?.between(from, to) ?? 0), 0);
}
