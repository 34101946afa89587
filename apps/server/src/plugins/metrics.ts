import type { Pool } from '@holdfast/postgres';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { VERSION } from '../version.ts';

/** Metrics of process, pool and version. The registry is the app's own, so that several apps do not mix. */
export function createMetrics(pool: Pool): Registry {
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
  return registry;
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
