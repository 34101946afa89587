import type { Metric, Registry } from 'prom-client';

/** Upper bounds of the histogram's buckets, in milliseconds. */
const BOUNDS_MS = [1, 2.5, 5, 10, 25, 50, 100, 200, 500, 1_000, 2_500, 5_000];

/** What was observed of one route under one method. */
interface RouteStatistics {
  readonly method: string;
  readonly route: string;
  readonly byStatus: Map<number, number>;
  /** Requests in each bucket alone; the last one is beyond all bounds. */
  readonly buckets: number[];
  sumMs: number;
}

export interface RequestStatistics {
  /** @param key an object that stands for the route; there is one for each route and method. */
  observe(key: object, method: string, route: string, status: number, durationMs: number): void;
}

interface Sample {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/**
 * Counts requests as `http_requests_total` and `http_request_duration_seconds`. Numbers are added up as plain numbers and
 * become samples only when somebody asks, since this runs for every request.
 */
export function createRequestStatistics(registry: Registry): RequestStatistics {
  const routes = new Map<object, Map<string, RouteStatistics>>();
  const all = (): RouteStatistics[] => [...routes.values()].flatMap(methods => [...methods.values()]);
  register(registry, 'http_requests_total', 'Requests answered.', 'counter', () =>
    all().flatMap(countSamples),
  );
  register(registry, DURATION, 'Time from a request to the end of its answer.', 'histogram', () =>
    all().flatMap(durationSamples),
  );
  return {
    observe: (key, method, route, status, durationMs) => {
      const found = routes.get(key)?.get(method) ?? add(routes, key, method, route);
      found.byStatus.set(status, (found.byStatus.get(status) ?? 0) + 1);
      found.sumMs += durationMs;
      let bucket = 0;
      while (bucket < BOUNDS_MS.length && durationMs > (BOUNDS_MS[bucket] ?? 0)) bucket += 1;
      found.buckets[bucket] = (found.buckets[bucket] ?? 0) + 1;
    },
  };
}

const DURATION = 'http_request_duration_seconds';

function add(
  routes: Map<object, Map<string, RouteStatistics>>,
  key: object,
  method: string,
  route: string,
): RouteStatistics {
  const added = {
    method,
    route,
    byStatus: new Map(),
    buckets: new Array(BOUNDS_MS.length + 1).fill(0),
    sumMs: 0,
  };
  const methods = routes.get(key) ?? new Map<string, RouteStatistics>();
  routes.set(key, methods.set(method, added));
  return added;
}

function countSamples({ method, route, byStatus }: RouteStatistics): Sample[] {
  return [...byStatus].map(([status, value]) => ({
    metricName: 'http_requests_total',
    labels: { method, route, status },
    value,
  }));
}

function durationSamples({ method, route, buckets, sumMs }: RouteStatistics): Sample[] {
  let below = 0;
  const cumulative = buckets.map((count, index) => {
    below += count;
    const le = index < BOUNDS_MS.length ? (BOUNDS_MS[index] ?? 0) / 1_000 : '+Inf';
    return { metricName: `${DURATION}_bucket`, labels: { method, route, le }, value: below };
  });
  const labels = { method, route };
  return [
    ...cumulative,
    { metricName: `${DURATION}_sum`, labels, value: sumMs / 1_000 },
    { metricName: `${DURATION}_count`, labels, value: below },
  ];
}

/** The registry asks a metric for its samples and for nothing else. */
function register(
  registry: Registry,
  name: string,
  help: string,
  type: 'counter' | 'histogram',
  values: () => Sample[],
): void {
  const metric = { name, get: async () => ({ name, help, type, aggregator: 'sum', values: values() }) };
  registry.registerMetric(metric as unknown as Metric);
}
