import { type HoldfastError, redactText } from '@holdfast/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { RequestStatistics } from './request-statistics.ts';

/** Asked every second by whoever watches; a success is worth a line only when somebody debugs. */
const PROBES: ReadonlySet<string> = new Set(['/health', '/ready', '/metrics']);

const NO_ROUTE = {};

/**
 * Records every request when it has been answered: in the statistics, and as one line that says what was asked, by whom,
 * and how it went. Route templates, never addresses with values in them.
 */
export function installRequestRecord(
  app: FastifyInstance,
  logger: Logger,
  statistics: RequestStatistics,
): void {
  app.addHook('onResponse', (request, reply, done) => {
    const { url, config } = request.routeOptions;
    const { statusCode, elapsedTime } = reply;
    statistics.observe(
      url === undefined ? NO_ROUTE : config,
      request.method,
      url ?? 'none',
      statusCode,
      elapsedTime,
    );
    const level = levelOf(url, statusCode);
    if (logger.isLevelEnabled(level)) logger[level](lineOf(request, reply, url), 'request');
    done();
  });
  // A response to somebody who has gone never finishes, so its request would leave no trace.
  app.addHook('onRequestAbort', (request, done) => {
    const { id: requestId, method, auth } = request;
    const { url: route = null } = request.routeOptions;
    logger.info({ requestId, method, route, userId: auth?.userId }, 'request aborted');
    done();
  });
}

function levelOf(url: string | undefined, status: number): 'debug' | 'info' | 'warn' | 'error' {
  if (status === 503) return 'warn';
  if (status >= 500) return 'error';
  return status < 400 && url !== undefined && PROBES.has(url) ? 'debug' : 'info';
}

function lineOf(request: FastifyRequest, reply: FastifyReply, url: string | undefined): object {
  const { id: requestId, method, auth, failure } = request;
  const line = {
    requestId,
    method,
    route: url ?? null,
    status: reply.statusCode,
    durationMs: Math.round(reply.elapsedTime * 100) / 100,
    userId: auth?.userId,
  };
  if (failure === null) return line;
  const path = url === undefined ? redactText(request.url.split('?')[0] ?? '').slice(0, 200) : undefined;
  return { ...line, path, code: failure.code, ...causeOf(failure) };
}

/** The whole chain for what is broken here; a sentence for what is not available. */
function causeOf(failure: HoldfastError): object {
  const { status } = failure.entry;
  if (status === 503) return { reason: redactText(failure.message) };
  return status >= 500 ? { err: failure } : {};
}
