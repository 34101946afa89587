import type { Pool } from '@holdfast/postgres';
import type { FastifyInstance } from 'fastify';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { VERSION } from '../version.ts';

const BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5];

/** Counts requests and watches pool and process. The registry is the app's own, so that several apps do not mix. */
export function installMetrics(app: FastifyInstance, pool: Pool): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service: 'server' });
  collectDefaultMetrics({ register: registry });
  registerPoolGauges(registry, pool);
  new Gauge({
    name: 'holdfast_build_info',
    help: 'The version that runs.',
    labelNames: ['version'],
    registers: [registry],
  }).set({ version: VERSION }, 1);
  countRequests(app, registry);
  return registry;
}

function countRequests(app: FastifyInstance, registry: Registry): void {
  const registers = [registry];
  const labelNames = ['method', 'route', 'status'] as const;
  const requests = new Counter({
    name: 'http_requests_total',
    help: 'Requests answered.',
    labelNames,
    registers,
  });
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the request to the end of its answer.',
    labelNames: ['method', 'route'],
    buckets: BUCKETS_S,
    registers,
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { method } = request;
    const route = request.is404 ? 'none' : (request.routeOptions.url ?? 'none');
    requests.inc({ method, route, status: reply.statusCode });
    duration.observe({ method, route }, reply.elapsedTime / 1_000);
    done();
  });
}

function registerPoolGauges(registry: Registry, pool: Pool): void {
  const kinds = ['max', 'size', 'checkedIn', 'checkedOut', 'waiting'] as const;
  new Gauge({
    name: 'holdfast_pool_connections',
    help: 'Database connections of this server, and callers waiting for one.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const stats = pool.stats();
      for (const kind of kinds) this.set({ state: kind }, stats[kind]);
    },
  });
}
