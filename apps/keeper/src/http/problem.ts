import { ERROR_REGISTRY, type ErrorCode, HoldfastError, problemType } from '@holdfast/core';
import type { FastifyReply, FastifyRequest } from 'fastify';

const CODE_BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid_request',
  404: 'not_found',
  405: 'method_not_allowed',
  408: 'request_timeout',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
  431: 'headers_too_large',
};

/** Answers with an RFC 9457 problem. What is no HoldfastError is told as its HTTP class alone. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply {
  const known = error instanceof HoldfastError ? error : translate(error);
  const { status, title } = ERROR_REGISTRY[known.code];
  if (status >= 500 && known.code === 'internal') request.log.error({ err: error }, 'request failed');
  if (known.retryAfter !== undefined) reply.header('retry-after', String(known.retryAfter));
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="holdfast operations"');
  return reply
    .code(status)
    .header('content-type', 'application/problem+json')
    .header('cache-control', 'no-store')
    .send({
      type: problemType(known.code),
      title,
      status,
      detail: known.message,
      code: known.code,
      requestId: request.id,
    });
}

function translate(error: unknown): HoldfastError {
  const { statusCode, validation } = error as { readonly statusCode?: number; readonly validation?: unknown };
  if (validation !== undefined) return new HoldfastError('validation_failed', (error as Error).message);
  const code =
    CODE_BY_STATUS[statusCode ?? 500] ?? ((statusCode ?? 500) < 500 ? 'invalid_request' : 'internal');
  const detail =
    code === 'internal'
      ? 'Something went wrong in the keeper; its log has the details.'
      : (error as Error).message;
  return new HoldfastError(code, detail, { cause: error });
}
