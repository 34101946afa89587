import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type ErrorCode, HoldfastError, newId } from '@holdfast/core';
import type { Logger } from 'pino';
import { problemDocument } from '../problems/problem-document.ts';
import { API_HEADERS } from './security-headers.ts';

/** The response that is under way on a socket, as node:http keeps it. */
type HttpSocket = Socket & { readonly _httpMessage?: { readonly headersSent: boolean } | null };

const KNOWN: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  HPE_HEADER_OVERFLOW: ['headers_too_large', 'The headers are larger than this server reads.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['request_timeout', 'The request did not arrive in time.'],
};
const MALFORMED = ['invalid_request', 'This is not HTTP as this server understands it.'] as const;

/** Answers what node:http could not read as a request with a problem document, and closes the connection. */
export function createClientErrorHandler(logger: Logger) {
  return (error: NodeJS.ErrnoException, socket: Socket): void => {
    const busy = (socket as HttpSocket)._httpMessage?.headersSent === true;
    if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable || busy) {
      socket.destroy();
      return;
    }
    const [code, message] = KNOWN[error.code ?? ''] ?? MALFORMED;
    const requestId = newId();
    const response = rawResponse(new HoldfastError(code, message), requestId);
    logger.info({ requestId, code, reason: error.code }, 'unreadable request');
    socket.end(response, () => socket.destroy());
  };
}

function rawResponse(error: HoldfastError, requestId: string): string {
  const { status, headers, body } = problemDocument(error, requestId);
  const text = JSON.stringify(body);
  const lines = Object.entries({
    ...API_HEADERS,
    ...headers,
    'x-request-id': requestId,
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(text)),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${text}`;
}
