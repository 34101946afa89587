import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { ERROR_REGISTRY, type ErrorCode, HoldfastError, newId, problemType } from '@holdfast/core';
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

const UNREADABLE: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};

/** The response that is under way on a socket, as node:http keeps it. */
type HttpSocket = Socket & { readonly _httpMessage?: { readonly headersSent: boolean } | null };

/** Answers with an RFC 9457 problem. What is no HoldfastError is told as its HTTP class alone. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply {
  const known = error instanceof HoldfastError ? error : translate(error);
  const { status } = ERROR_REGISTRY[known.code];
  if (status >= 500 && known.code === 'internal') request.log.error({ err: error }, 'request failed');
  if (known.retryAfter !== undefined) reply.header('retry-after', String(known.retryAfter));
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="holdfast operations"');
  return reply
    .code(status)
    .header('content-type', 'application/problem+json')
    .header('cache-control', 'no-store')
    .send(Buffer.from(problemBody(known, request.id)));
}

function problemBody({ code, message }: HoldfastError, requestId: string): string {
  const { status, title } = ERROR_REGISTRY[code];
  return JSON.stringify({ type: problemType(code), title, status, detail: message, code, requestId });
}

/** Answers on the socket of a request that could not even be read as HTTP, and closes it. */
export function refuseUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  const busy = (socket as HttpSocket)._httpMessage?.headersSent === true;
  if (error.code === 'ECONNRESET' || !socket.writable || busy) {
    socket.destroy();
    return;
  }
  const code = UNREADABLE[error.code ?? ''] ?? 'invalid_request';
  const requestId = newId();
  const body = problemBody(new HoldfastError(code, 'The request could not be read as HTTP.'), requestId);
  const { status } = ERROR_REGISTRY[code];
  const headers = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${requestId}`,
    'connection: close',
  ];
  socket.end(`${headers.join('\r\n')}\r\n\r\n${body}`);
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
