import type { Server } from 'node:http';
import {
  createPasswordHasher,
  type Keyring,
  type PasswordHasher,
  type RevocationJournal,
} from '@holdfast/auth';
import { type Clock, errorMessage, HoldfastError, type Settings, systemClock } from '@holdfast/core';
import type { Pool } from '@holdfast/postgres';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyHttpOptions,
  type FastifyInstance,
  LogController,
} from 'fastify';
import type { Logger } from 'pino';
import { accountRoutes } from './features/account/routes.ts';
import { auditRoutes } from './features/audit/routes.ts';
import { authRoutes } from './features/auth/routes.ts';
import { oauthRoutes } from './features/oauth/routes.ts';
import { permissionRoutes } from './features/permissions/routes.ts';
import { roleRoutes } from './features/roles/routes.ts';
import { installSocket } from './features/socket/install-socket.ts';
import { systemRoutes } from './features/system/routes.ts';
import { importRoutes } from './features/users/import-route.ts';
import { userRoutes } from './features/users/routes.ts';
import { userSessionRoutes } from './features/users/session-routes.ts';
import type { Lifecycle } from './lifecycle.ts';
import { createLogger } from './logger.ts';
import { registerOperations } from './operations/register-operations.ts';
import { installAccessGuard } from './plugins/access-guard.ts';
import { createClientErrorHandler } from './plugins/client-errors.ts';
import { installCors } from './plugins/cors.ts';
import { createMetrics } from './plugins/metrics.ts';
import { installNotFound } from './plugins/not-found.ts';
import { installOpenApi } from './plugins/openapi.ts';
import { installProblemErrors, sendFrameworkProblem } from './plugins/problem-errors.ts';
import { installRequestContext, requestId } from './plugins/request-context.ts';
import { installRequestRecord } from './plugins/request-record.ts';
import { createRequestStatistics } from './plugins/request-statistics.ts';
import { createServices, type Services } from './services.ts';

declare module 'fastify' {
  interface FastifyInstance {
    readonly lifecycle: Lifecycle;
  }
}

/** How long a request may take to arrive. */
export interface RequestTimeouts {
  readonly headersMs: number;
  readonly requestMs: number;
  /** How often connections are looked at; a timeout can be late by this much. */
  readonly checkMs: number;
}

export interface AppOptions {
  readonly settings: Settings;
  /** Called at every use, so that a reloaded keyring takes effect at once. */
  readonly keyring: () => Keyring;
  /** Belongs to the caller and is not closed with the app. */
  readonly pool: Pool;
  /** Remembers revocations outside the database; belongs to the caller. */
  readonly journal: Pick<RevocationJournal, 'append'>;
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly hasher?: PasswordHasher;
  readonly timeouts?: Partial<RequestTimeouts>;
}

const TIMEOUTS: RequestTimeouts = { headersMs: 15_000, requestMs: 60_000, checkMs: 5_000 };
const MAX_HEADER_BYTES = 16_384;

/**
 * Assembles the API without listening. Succeeds whether or not the database is there.
 * Close the app, then the pool.
 */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const { settings, keyring, pool, journal, clock = systemClock, hasher = createPasswordHasher() } = options;
  const logger = options.logger ?? createLogger({ level: settings.logLevel });
  const app = createFastify(options, logger);
  const services = createServices({ settings, keyring, pool, journal, clock, logger, hasher });
  app.decorate('lifecycle', services.lifecycle);
  app.addHook('onClose', () => services.close());
  installAccessGuard(app);
  installRequestContext(app, services.lifecycle);
  installProblemErrors(app);
  const registry = createMetrics(pool);
  installRequestRecord(app, logger, createRequestStatistics(registry));
  await installCors(app, settings.corsOrigins);
  await installOpenApi(app, settings.publicUrl);
  installNotFound(app);
  await installSocket(app, services);
  await registerOperations(app, services, [...systemRoutes(services, registry), ...featureRoutes(services)]);
  await app.ready();
  await learnTheTime(services);
  return app;
}

const FIRST_POLL_MS = 1_000;

/** A local clock may be wrong, so that tokens are judged by the database's from the first request, if there is one. */
async function learnTheTime({ feed, clock }: Services): Promise<void> {
  const patience = new AbortController();
  const polled = feed.poll().catch(() => undefined);
  await Promise.race([polled, clock.sleep(FIRST_POLL_MS, patience.signal).catch(() => undefined)]);
  patience.abort();
}

function featureRoutes(services: Services) {
  return [
    ...authRoutes(services),
    ...oauthRoutes(services),
    ...accountRoutes(services),
    ...userRoutes(services),
    ...userSessionRoutes(services),
    ...importRoutes(services),
    ...roleRoutes(services),
    ...permissionRoutes(services),
    ...auditRoutes(services),
  ];
}

function createFastify(options: AppOptions, logger: Logger): FastifyInstance {
  try {
    return Fastify(fastifyOptions(options, logger));
  } catch (error) {
    // the one option whose text the framework parses
    const message = `HOLDFAST_TRUST_PROXY is not usable: ${errorMessage(error)}. List addresses or networks.`;
    throw new HoldfastError('configuration_invalid', message, { cause: error });
  }
}

function fastifyOptions({ settings, timeouts }: AppOptions, logger: Logger): FastifyHttpOptions<Server> {
  const { headersMs, requestMs, checkMs } = { ...TIMEOUTS, ...timeouts };
  return {
    loggerInstance: logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    // The one line of a request names its id; a logger for each request would do nothing else.
    childLoggerFactory: parent => parent,
    genReqId: requestId,
    bodyLimit: settings.bodyLimit,
    trustProxy: settings.trustProxy === '' ? false : settings.trustProxy,
    requestTimeout: requestMs,
    http: {
      headersTimeout: headersMs,
      connectionsCheckingInterval: checkMs,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    // Requests that arrive on open connections while draining are answered, and their connections closed.
    return503OnClosing: false,
    clientErrorHandler: createClientErrorHandler(logger),
    frameworkErrors: sendFrameworkProblem,
    // No parameter is longer than the headers, so what is too long for its schema is told so by its schema.
    routerOptions: { maxParamLength: MAX_HEADER_BYTES },
    ajv: {
      customOptions: {
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        // A body of a hundred thousand wrong members must not cost a hundred thousand errors.
        allErrors: false,
        allowUnionTypes: true,
      },
    },
  };
}
