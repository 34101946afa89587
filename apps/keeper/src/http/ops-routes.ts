import { HoldfastError } from '@holdfast/core';
import type { HealthReport } from '@holdfast/database/health';
import type { Takeover } from '@holdfast/postgres/cluster';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { HealthSample } from '../records/health-samples.ts';
import type { Incident } from '../records/incidents.ts';
import { publicStatus, type SystemStatus } from '../status.ts';
import type { PartName } from '../supervision/part-state.ts';
import { renderMetrics } from './metrics.ts';
import type { Operator, OperatorAuth } from './operator-auth.ts';

/** What the ops API shows and does; the keeper provides it. */
export interface OpsTarget {
  status(): SystemStatus;
  incidents(limit: number): readonly Incident[];
  incidentsOpened(): number;
  samples(limit: number): Promise<readonly HealthSample[]>;
  /** The last examination of the database; undefined before the first. */
  databaseHealth(): HealthReport | undefined;
  /** Throws `not_found` for a part that the keeper does not manage. */
  restart(part: PartName, operator: Operator): void;
  /** Lets a prepared restore take over, and resolves when it has. Throws `not_found` when none of that id is prepared. */
  takeOver(id: string, operator: Operator): Promise<Takeover>;
  /** Runs the doctor; callers that come while it runs get the same result. */
  diagnose(operator: Operator): Promise<{ readonly text: string; readonly diagnosis: unknown }>;
}

const limitQuery = {
  type: 'object',
  properties: { limit: { type: 'integer', minimum: 1, maximum: 1_000, default: 100 } },
  additionalProperties: false,
} as const;

const partParams = {
  type: 'object',
  properties: { part: { type: 'string', enum: ['server', 'postgres'] } },
  required: ['part'],
} as const;

/** The ops API under `/ops/v1`. Without a token only the public status is shown. */
export async function registerOpsRoutes(
  app: FastifyInstance,
  target: OpsTarget,
  auth: OperatorAuth,
): Promise<void> {
  const operator = (request: FastifyRequest): Promise<Operator> =>
    auth.identify(request.headers.authorization, request.ip);
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });
  app.get('/ops/v1/status', async request => {
    if (request.headers.authorization === undefined) return publicStatus(target.status());
    await operator(request);
    return target.status();
  });
  app.get<{ Querystring: { limit: number } }>(
    '/ops/v1/incidents',
    { schema: { querystring: limitQuery } },
    async request => {
      await operator(request);
      return { items: target.incidents(request.query.limit) };
    },
  );
  registerHealthRoutes(app, target, operator);
  app.post('/ops/v1/diagnoses', async request => target.diagnose(await operator(request)));
  app.post<{ Params: { part: PartName } }>(
    '/ops/v1/parts/:part/restart',
    { schema: { params: partParams } },
    async (request, reply) => {
      target.restart(request.params.part, await operator(request));
      reply.code(202);
      return { part: request.params.part, accepted: true };
    },
  );
  app.post<{ Params: { id: string } }>('/ops/v1/restores/:id/takeover', async request =>
    target.takeOver(request.params.id, await operator(request)),
  );
  app.all('/ops/*', async request => {
    await operator(request);
    throw new HoldfastError(
      'not_found',
      `There is no ${request.method} ${request.url.split('?')[0]} in the ops API.`,
    );
  });
}

/** What was sampled, what the last examination of the database found, and both as metrics. */
function registerHealthRoutes(
  app: FastifyInstance,
  target: OpsTarget,
  operator: (request: FastifyRequest) => Promise<Operator>,
): void {
  app.get<{ Querystring: { limit: number } }>(
    '/ops/v1/health',
    { schema: { querystring: limitQuery } },
    async request => {
      await operator(request);
      return { items: await target.samples(request.query.limit) };
    },
  );
  app.get('/ops/v1/health/database', async request => {
    await operator(request);
    const report = target.databaseHealth();
    if (report !== undefined) return report;
    throw new HoldfastError(
      'not_found',
      'The database has not been examined yet; that happens every minute.',
    );
  });
  app.get('/ops/v1/metrics', async (request, reply) => {
    await operator(request);
    reply.type('text/plain; version=0.0.4; charset=utf-8');
    return renderMetrics(target.status(), target.incidentsOpened(), target.databaseHealth());
  });
}
