import { JWKS_MAX_AGE_S, jwks } from '@holdfast/auth';
import { type DatabaseHealth, type Health, operations, type Readiness } from '@holdfast/contract';
import { HoldfastError } from '@holdfast/core';
import type { Registry } from 'prom-client';
import { type Implementation, implement } from '../../operations/implementation.ts';
import { DOCS_PATH, OPENAPI_PATH } from '../../plugins/openapi.ts';
import type { Services } from '../../services.ts';
import { VERSION } from '../../version.ts';
import { checkReadiness } from './readiness.ts';
import { readServerVersion } from './system-queries.ts';

export function systemRoutes(services: Services, registry: Registry): Implementation[] {
  const { pool, clock, keyring } = services;
  const startedAt = clock.monotonic();
  return [
    implement(operations.getServiceInfo, () => SERVICE_INFO),
    implement(operations.getHealth, (): Health => {
      const uptimeSeconds = Math.round(clock.monotonic() - startedAt) / 1_000;
      return { status: 'ok', version: VERSION, uptimeSeconds };
    }),
    implement(operations.getReadiness, async (): Promise<Readiness> => {
      const checks = await checkReadiness(services);
      if (checks.every(({ ok }) => ok)) return { status: 'ready', checks };
      throw new HoldfastError('not_ready', 'A check failed.', { details: { checks } });
    }),
    implement(operations.getMetrics, ({ reply }) => {
      reply.type(registry.contentType);
      return registry.metrics();
    }),
    implement(operations.getDatabaseHealth, async (): Promise<DatabaseHealth> => {
      const sentAt = clock.monotonic();
      const serverVersion = await readServerVersion(pool);
      const roundTripMs = Math.round((clock.monotonic() - sentAt) * 100) / 100;
      const { max, size, checkedIn, checkedOut, waiting } = pool.stats();
      return {
        status: 'ok',
        roundTripMs,
        serverVersion,
        pool: { max, size, checkedIn, checkedOut, waiting },
      };
    }),
    implement(operations.getJwks, ({ reply }) => {
      reply.header('cache-control', `public, max-age=${JWKS_MAX_AGE_S}`);
      return { keys: jwks(keyring()).keys.map(key => ({ ...key })) };
    }),
  ];
}

const SERVICE_INFO = {
  name: 'holdfast',
  version: VERSION,
  links: {
    docs: DOCS_PATH,
    openapi: OPENAPI_PATH,
    health: operations.getHealth.path,
    ready: operations.getReadiness.path,
    jwks: operations.getJwks.path,
  },
} as const;
