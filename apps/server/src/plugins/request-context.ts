import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { AccessClaims } from '@holdfast/auth';
import type { HoldfastError } from '@holdfast/core';
import type { FastifyInstance } from 'fastify';
import type { Lifecycle } from '../lifecycle.ts';
import { API_HEADERS } from './security-headers.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The claims of the caller's access token; null where none was asked for. */
    auth: AccessClaims | null;
    /** Why the request was refused or failed. */
    failure: HoldfastError | null;
    /** Whether the caller is known by cookies, which browsers send along unasked. */
    byCookie: boolean;
  }
}

/** Ids from outside end up in logs and in the audit log: short, and nothing that needs quoting. */
const SANE_ID = /^[\w.:@=+/-]{1,128}$/;

/** The caller's X-Request-Id when it is sane, else a new one. */
export function requestId({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && SANE_ID.test(given) ? given : randomUUID();
}

/** What every request gets before anything else looks at it: an id to be found by, and the security headers. */
export function installRequestContext(app: FastifyInstance, lifecycle: Lifecycle): void {
  app.decorateRequest('auth', null);
  app.decorateRequest('failure', null);
  app.decorateRequest('byCookie', false);
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(API_HEADERS);
    reply.header('x-request-id', request.id);
    if (lifecycle.isDraining()) reply.header('connection', 'close');
    done();
  });
}
