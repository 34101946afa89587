import { SESSION_ENDING_CODES } from '@holdfast/core';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { clearSessionCookies } from '../cookies/session-cookies.ts';
import { classifyError } from '../problems/classify-error.ts';
import { problemDocument } from '../problems/problem-document.ts';
import { API_HEADERS } from './security-headers.ts';

/** Answers every error of a handler, a hook or the framework with a problem document. */
export function installProblemErrors(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply));
}

/** Trouble of any other kind leaves the cookies alone: an outage is never a logout. */
const ENDING: ReadonlySet<string> = new Set(SESSION_ENDING_CODES);

export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const failure = classifyError(error);
  request.failure = failure;
  const { status, headers, body } = problemDocument(failure, request.id);
  if (request.byCookie && ENDING.has(failure.code)) clearSessionCookies(reply);
  // the rest of the body may still be on its way
  if (status === 413) reply.header('connection', 'close');
  void reply.code(status).headers(headers).type('application/problem+json').send(JSON.stringify(body));
}

/** For errors that arise before there is a route, when no hook has run and none will. */
export function sendFrameworkProblem(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  reply.headers(API_HEADERS).header('x-request-id', request.id);
  sendProblem(error, request, reply);
  const { id: requestId, method } = request;
  request.log.info(
    { requestId, method, route: null, status: reply.statusCode, code: request.failure?.code },
    'request',
  );
}
