import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { classifyError } from '../problems/classify-error.ts';
import { problemDocument } from '../problems/problem-document.ts';
import { API_HEADERS } from './security-headers.ts';

/** Answers every error of a handler, a hook or the framework with a problem document. */
export function installProblemErrors(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply));
}

export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const failure = classifyError(error);
  request.failure = failure;
  const { status, headers, body } = problemDocument(failure, request.id);
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
