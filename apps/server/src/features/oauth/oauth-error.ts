import type { OAuthError } from '@holdfast/contract';
import type { HoldfastError } from '@holdfast/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { classifyError } from '../../problems/classify-error.ts';
import { problemDocument } from '../../problems/problem-document.ts';

/** Answers errors in the form of RFC 6749 section 5.2, with the status that the code has everywhere. */
export function sendOAuthError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const failure = classifyError(error);
  request.failure = failure;
  const { status, headers, body } = problemDocument(failure, request.id);
  const answer: OAuthError = {
    error: oauthCode(failure, status),
    error_description: body.detail.replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, "'"),
    code: failure.code,
    requestId: request.id,
  };
  void reply.code(status).headers(headers).type('application/json').send(JSON.stringify(answer));
}

function oauthCode({ code }: HoldfastError, status: number): OAuthError['error'] {
  if (code === 'client_invalid') return 'invalid_client';
  if (code === 'client_not_entitled') return 'unauthorized_client';
  if (status === 503) return 'temporarily_unavailable';
  return status >= 500 ? 'server_error' : 'invalid_request';
}
