import { HoldfastError } from '@holdfast/core';
import type { FastifyInstance } from 'fastify';
import type { Implementation } from './implementation.ts';
import { limitStream } from './limit-stream.ts';

/** What an operation takes as its body. */
export type AcceptedBody = 'json' | 'form' | 'none' | { readonly types: readonly string[] };

export function acceptedBody({ operation }: Implementation): AcceptedBody {
  if (operation.body === undefined) return 'none';
  if (operation.bodyType === undefined) return 'json';
  return operation.bodyType.includes(FORM) ? 'form' : { types: operation.bodyType };
}

const FORM = 'application/x-www-form-urlencoded';

/** A form as an object of texts. A parameter that is there twice is refused (RFC 6749 section 3.1). */
export function acceptForm(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(FORM, { parseAs: 'string' }, (_request, text, done) => {
    const pairs = [...new URLSearchParams(text as string)];
    const names = new Set(pairs.map(([name]) => name));
    if (names.size === pairs.length) return done(null, Object.fromEntries(pairs));
    done(new HoldfastError('invalid_request', 'A parameter is there more than once.'));
  });
}

/** JSON and nothing else. */
export function acceptJson(scope: FastifyInstance): void {
  scope.removeContentTypeParser('text/plain');
}

/** Clients that always send a Content-Type do no harm; whatever comes is not looked at. */
export function acceptNothing(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, _payload, done) => done(null, undefined));
}

/** Hands the body to the handler while it arrives, and breaks it off with `payload_too_large` at the limit. */
export function acceptStream(scope: FastifyInstance, types: readonly string[], limit: number): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser([...types], (request, payload, done) => {
    limitStream(request.headers['content-length'], payload, limit, done);
  });
}
