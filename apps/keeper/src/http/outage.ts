import { HoldfastError } from '@holdfast/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendProblem } from './problem.ts';

/** The answer while there is no API server to forward to. */
export function unavailable(cause?: unknown): HoldfastError {
  return new HoldfastError(
    'upstream_unavailable',
    'The API server does not answer. The keeper is starting it again; its status page at / tells more. Try again shortly.',
    { cause, retryAfter: 1 },
  );
}

/**
 * Answers in the place of the API server. Browsers of the allowed origins may read the answer as they may read those of the
 * server: without that they would see a network error, and not that trying again helps.
 */
export function answerOutage(
  request: FastifyRequest,
  reply: FastifyReply,
  corsOrigins: readonly string[],
  cause?: unknown,
): void {
  const { origin } = request.headers;
  const allowed = origin !== undefined && corsOrigins.includes(origin);
  if (allowed) {
    reply.headers({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'X-Request-Id, Retry-After',
      vary: 'Origin',
    });
  }
  const wanted = request.headers['access-control-request-method'];
  if (allowed && request.method === 'OPTIONS' && wanted !== undefined) {
    void reply
      .code(204)
      .headers({
        'access-control-allow-methods': wanted,
        'access-control-allow-headers': request.headers['access-control-request-headers'] ?? '',
      })
      .send();
    return;
  }
  void sendProblem(request, reply, unavailable(cause));
}
