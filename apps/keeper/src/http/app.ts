import { HoldfastError, newId, type Settings } from '@holdfast/core';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { OperatorAuth } from './operator-auth.ts';
import { type OpsTarget, registerOpsRoutes } from './ops-routes.ts';
import { refuseUnreadable, sendProblem } from './problem.ts';
import { type ProxyOptions, registerProxy } from './proxy.ts';
import { registerSecurityHeaders } from './security-headers.ts';
import { STATUS_PAGE } from './status-page/page.ts';

export interface KeeperAppOptions extends ProxyOptions {
  readonly settings: Pick<Settings, 'trustProxy'>;
  readonly log: FastifyBaseLogger;
  readonly target: OpsTarget;
  readonly auth: OperatorAuth;
}

const OWN_BODY_LIMIT = 65_536;
const REQUEST_ID = /^[\w.:-]{8,128}$/;

/** The keeper's HTTP: status page, ops API, and the way to the API server. Does not listen. */
export async function buildKeeperApp(options: KeeperAppOptions): Promise<FastifyInstance> {
  const { settings, log, target, auth } = options;
  const app = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    trustProxy: settings.trustProxy === '' ? false : settings.trustProxy,
    requestTimeout: 300_000,
    forceCloseConnections: true,
    // What is forwarded is limited by the API server; the keeper's own routes have a limit of their own.
    bodyLimit: Number.MAX_SAFE_INTEGER,
    clientErrorHandler: refuseUnreadable,
    frameworkErrors: (error, request, reply) => void sendProblem(request, reply, error),
    genReqId: request => {
      const sent = request.headers['x-request-id'];
      return typeof sent === 'string' && REQUEST_ID.test(sent) ? sent : newId();
    },
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  app.setErrorHandler((error, request, reply) => sendProblem(request, reply, error));
  await app.register(async own => {
    own.addHook('onRoute', route => {
      route.bodyLimit = OWN_BODY_LIMIT;
    });
    await registerSecurityHeaders(own);
    own.setNotFoundHandler((request, reply) =>
      sendProblem(
        request,
        reply,
        new HoldfastError('not_found', `There is no ${request.method} ${request.url.split('?')[0]} here.`),
      ),
    );
    own.get('/', async (_request, reply) => {
      reply.header('cache-control', 'no-store').type('text/html; charset=utf-8');
      return STATUS_PAGE;
    });
    await registerOpsRoutes(own, target, auth);
  });
  await registerProxy(app, options);
  return app;
}
