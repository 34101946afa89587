import type { Aggregate } from '../aggregate/aggregate.ts';
import { type Endpoint, errorsAt } from '../aggregate/endpoint-table.ts';
import { indexesOf, ROUTE_CLASSES, SERVER_CLASSES } from '../aggregate/error-class.ts';
import { type EpisodeRule, findEpisodes } from './change-point.ts';
import type { Signal, SignalKind } from './signal.ts';
import { findSlowStretches } from './slow-stretches.ts';

/** The error classes that a kind of signal counts. */
export const CLASSES_OF: Readonly<Record<SignalKind, readonly number[]>> = {
  server_errors: SERVER_CLASSES,
  unauthorized: indexesOf('401'),
  refresh_failures: indexesOf('401', '403', '4xx'),
  forbidden: indexesOf('403'),
  route_errors: ROUTE_CLASSES,
  slow: [],
  refresh_rate: [],
  rate_limited: indexesOf('429'),
  login_failures: indexesOf('401', '403', '429', '4xx'),
  error_messages: [],
};

const RULES: Readonly<Record<Exclude<SignalKind, 'slow'>, EpisodeRule>> = {
  server_errors: { leastUsual: 0.003, mostUsual: 0.02, factor: 5, leastShare: 0.1, threshold: 22 },
  unauthorized: { leastUsual: 0.02, mostUsual: 0.3, factor: 4, leastShare: 0.3, threshold: 25 },
  refresh_failures: { leastUsual: 0.03, mostUsual: 0.3, factor: 4, leastShare: 0.4, threshold: 20 },
  forbidden: { leastUsual: 0.01, mostUsual: 0.3, factor: 4, leastShare: 0.3, threshold: 25 },
  route_errors: { leastUsual: 0.02, mostUsual: 0.4, factor: 4, leastShare: 0.4, threshold: 22 },
  refresh_rate: { leastUsual: 0.01, mostUsual: 0.3, factor: 4, leastShare: 0.2, threshold: 25 },
  rate_limited: { leastUsual: 0.005, mostUsual: 0.1, factor: 5, leastShare: 0.08, threshold: 22 },
  login_failures: { leastUsual: 0.1, mostUsual: 0.5, factor: 2.5, leastShare: 0.5, threshold: 20 },
  error_messages: { leastUsual: 0.03, mostUsual: 0.4, factor: 4, leastShare: 0.4, threshold: 25 },
};

const LEAST_HITS = 12;
const MAX_SIGNALS = 60;

/** Everything that stands out, the largest first. Pure. */
export function findSignals(aggregate: Aggregate): Signal[] {
  if (aggregate.lastBucket < 0) return [];
  const endpoints = [...aggregate.table.endpoints.values()];
  const others = endpoints.filter(({ role }) => role === 'other');
  const logins = endpoints.filter(({ role }) => role === 'login');
  const refreshes = endpoints.filter(({ role }) => role === 'refresh');
  const { others: rest } = aggregate.table;
  const found = [
    ...together('server_errors', [...endpoints, rest], aggregate),
    ...each('server_errors', endpoints, aggregate),
    ...together('unauthorized', others, aggregate),
    ...each('unauthorized', others, aggregate),
    ...together('forbidden', others, aggregate),
    ...each('forbidden', others, aggregate),
    ...each(
      'route_errors',
      endpoints.filter(({ name }) => !name.includes('/*.')),
      aggregate,
    ),
    ...together('rate_limited', [...others, ...refreshes, rest], aggregate),
    ...together('login_failures', logins, aggregate),
    ...together('refresh_failures', refreshes, aggregate),
    ...refreshRate(refreshes, aggregate),
    ...slow(endpoints, aggregate),
    ...errorMessages(aggregate),
  ];
  return found
    .filter(({ episode }) => episode.hits >= LEAST_HITS)
    .sort((a, b) => b.episode.hits - a.episode.hits)
    .slice(0, MAX_SIGNALS);
}

/** All endpoints as one. */
function together(
  kind: Exclude<SignalKind, 'slow'>,
  endpoints: readonly Endpoint[],
  { firstBucket: first, lastBucket: last }: Aggregate,
): Signal[] {
  if (endpoints.length === 0) return [];
  const totals = new Float64Array(last - first + 1);
  const hits = new Float64Array(last - first + 1);
  for (const endpoint of endpoints) {
    const classes = CLASSES_OF[kind].filter(index => endpoint.errors[index] !== undefined);
    for (let bucket = first; bucket <= last; bucket += 1) {
      const at = bucket - first;
      totals[at] = (totals[at] ?? 0) + endpoint.total.at(bucket);
      if (classes.length > 0) hits[at] = (hits[at] ?? 0) + errorsAt(endpoint, classes, bucket);
    }
  }
  const trials = {
    first,
    last,
    total: (bucket: number) => totals[bucket - first] ?? 0,
    hits: (bucket: number) => hits[bucket - first] ?? 0,
  };
  return findEpisodes(trials, RULES[kind]).map(episode => ({ kind, endpoint: undefined, episode }));
}

/** Each endpoint by itself; one that has too few errors in all has none in a stretch. */
function each(
  kind: Exclude<SignalKind, 'slow'>,
  endpoints: readonly Endpoint[],
  { firstBucket: first, lastBucket: last }: Aggregate,
): Signal[] {
  return endpoints.flatMap(endpoint => {
    const classes = CLASSES_OF[kind].filter(index => endpoint.errors[index] !== undefined);
    const sum = classes.reduce((total, index) => total + (endpoint.errors[index]?.sum ?? 0), 0);
    if (sum < LEAST_HITS) return [];
    const trials = {
      first,
      last,
      total: (bucket: number) => endpoint.total.at(bucket),
      hits: (bucket: number) => errorsAt(endpoint, classes, bucket),
    };
    return findEpisodes(trials, RULES[kind]).map(episode => ({ kind, endpoint, episode }));
  });
}

/** Refreshes as a share of all requests: their number alone follows the time of day. */
function refreshRate(refreshes: readonly Endpoint[], { all, firstBucket, lastBucket }: Aggregate): Signal[] {
  if (refreshes.length === 0) return [];
  const trials = {
    first: firstBucket,
    last: lastBucket,
    total: (bucket: number) => all.total.at(bucket),
    hits: (bucket: number) => refreshes.reduce((sum, { total }) => sum + total.at(bucket), 0),
  };
  return findEpisodes(trials, RULES.refresh_rate).map(episode => ({
    kind: 'refresh_rate',
    endpoint: undefined,
    episode,
  }));
}

/** Errors as a share of all messages, for logs that have no requests. */
function errorMessages({ messageSeries, errorMessageSeries, firstBucket, lastBucket }: Aggregate): Signal[] {
  const trials = {
    first: firstBucket,
    last: lastBucket,
    total: (bucket: number) => messageSeries.at(bucket),
    hits: (bucket: number) => errorMessageSeries.at(bucket),
  };
  return findEpisodes(trials, RULES.error_messages).map(episode => ({
    kind: 'error_messages',
    endpoint: undefined,
    episode,
  }));
}

function slow(endpoints: readonly Endpoint[], { firstBucket, lastBucket }: Aggregate): Signal[] {
  return endpoints
    .filter(({ latency }) => latency.count >= LEAST_HITS)
    .flatMap(endpoint =>
      findSlowStretches(endpoint, firstBucket, lastBucket).map(episode => ({
        kind: 'slow' as const,
        endpoint,
        episode,
      })),
    );
}
