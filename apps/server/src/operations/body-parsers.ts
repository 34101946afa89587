import type { FastifyInstance } from 'fastify';
import type { Implementation } from './implementation.ts';
import { limitStream } from './limit-stream.ts';

/** What an operation takes as its body. */
export type AcceptedBody = 'json' | 'none' | { readonly types: readonly string[] };

export function acceptedBody({ operation }: Implementation): AcceptedBody {
  if (operation.body === undefined) return 'none';
  return operation.bodyType === undefined ? 'json' : { types: operation.bodyType };
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
