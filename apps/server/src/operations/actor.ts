import { isIP } from 'node:net';
import type { Actor } from '@holdfast/auth';
import { HoldfastError } from '@holdfast/core';
import type { FastifyRequest } from 'fastify';

/** Who is acting in this request; nobody in particular when it is not signed in. */
export function actorOf(request: FastifyRequest): Actor {
  const { auth, id: requestId } = request;
  const address = addressOf(request);
  if (auth === null) return { type: 'anonymous', id: null, requestId, address };
  return { type: 'user', id: auth.userId, sessionId: auth.sessionId, requestId, address };
}

/** The same where the contract says that somebody is signed in. */
export function userOf(request: FastifyRequest): Actor & { readonly id: string } {
  const actor = actorOf(request);
  if (actor.id === null) throw new HoldfastError('internal', 'A route of a signed-in user has no user.');
  return { ...actor, id: actor.id };
}

/** The caller's address as PostgreSQL takes it; undefined when a proxy claims something that is none. */
export function addressOf(request: FastifyRequest): string | undefined {
  const address = request.ip?.split('%')[0] ?? '';
  return isIP(address) === 0 ? undefined : address;
}

const MAX_USER_AGENT = 500;

export function userAgentOf(request: FastifyRequest): string | undefined {
  return request.headers['user-agent']?.slice(0, MAX_USER_AGENT);
}
