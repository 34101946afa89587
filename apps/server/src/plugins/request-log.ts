import { type HoldfastError, redactText } from '@holdfast/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';

/** Asked every second by whoever watches; a success is worth a line only when somebody debugs. */
const PROBES: ReadonlySet<string> = new Set(['/health', '/ready', '/metrics']);

/** One line for each request: what was asked, by whom, how it went. Route templates, never addresses with values in them. */
export function installRequestLog(app: FastifyInstance, logger: Logger): void {
  app.addHook('onResponse', (request, reply, done) => {
    const level = levelOf(request, reply);
    if (logger.isLevelEnabled(level)) logger[level](lineOf(request, reply), 'request');
    done();
  });
  // A response to somebody who has gone never finishes, so its request would leave no trace.
  app.addHook('onRequestAbort', (request, done) => {
    const { id: requestId, method, auth } = request;
    logger.info(
      { requestId, method, route: request.routeOptions.url, userId: auth?.userId },
      'request aborted',
    );
    done();
  });
}

function levelOf(request: FastifyRequest, reply: FastifyReply): 'debug' | 'info' | 'warn' | 'error' {
  const { statusCode } = reply;
  if (statusCode === 503) return 'warn';
  if (statusCode >= 500) return 'error';
  return statusCode < 400 && PROBES.has(request.routeOptions.url ?? '') ? 'debug' : 'info';
}

function lineOf(request: FastifyRequest, reply: FastifyReply): object {
  const { id: requestId, method, auth, failure } = request;
  const route = request.is404 ? null : (request.routeOptions.url ?? null);
  const line = {
    requestId,
    method,
    route,
    status: reply.statusCode,
    durationMs: Math.round(reply.elapsedTime * 100) / 100,
    userId: auth?.userId,
  };
  if (failure === null) return line;
  const path = route === null ? redactText(request.url.split('?')[0] ?? '').slice(0, 200) : undefined;
  return { ...line, path, code: failure.code, ...causeOf(failure) };
}

/** The whole chain for what is broken here; a sentence for what is not available. */
function causeOf(failure: HoldfastError): object {
  const { status } = failure.entry;
  if (status === 503) return { reason: redactText(failure.message) };
  return status >= 500 ? { err: failure } : {};
}
