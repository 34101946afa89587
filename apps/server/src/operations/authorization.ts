import { type AccessClaims, userHasPermission } from '@holdfast/auth';
import type { Operation, OperationDefinition } from '@holdfast/contract';
import { HoldfastError } from '@holdfast/core';
import type { Queryable } from '@holdfast/postgres';
import type { FastifyRequest, HookHandlerDoneFunction, onRequestHookHandler } from 'fastify';
import type { Services } from '../services.ts';

type Guard = (claims: AccessClaims) => undefined | Promise<void>;

/**
 * The hook that admits callers to an operation before its body is read: whoever is signed in, or whoever has the
 * permission as the database says now. Undefined for public operations. Without a promise for a token seen before.
 */
export function authorizationHook(
  services: Services,
  operation: Operation<OperationDefinition>,
): onRequestHookHandler | undefined {
  if (operation.access === 'public') return undefined;
  const guard = guardOf(services, operation);
  const { authenticator } = services;
  return (request, _reply, done) => {
    try {
      const claims = authenticator.authenticate(requireBearer(request));
      if (claims instanceof Promise) claims.then(found => admit(request, found, guard, done), done);
      else admit(request, claims, guard, done);
    } catch (error) {
      done(error as Error);
    }
  };
}

function admit(
  request: FastifyRequest,
  claims: AccessClaims,
  guard: Guard,
  done: HookHandlerDoneFunction,
): void {
  request.auth = claims;
  const verdict = guard(claims);
  if (verdict === undefined) done();
  else verdict.then(() => done(), done);
}

function guardOf(
  { pool }: Services,
  { access, permission, operationId }: Operation<OperationDefinition>,
): Guard {
  if (access === 'user') return () => undefined;
  if (permission === undefined) throw new Error(`Operation ${operationId} names no permission`);
  return ({ userId }) => requirePermission(pool, userId, permission);
}

/** @throws HoldfastError `permission_denied` unless the account has the permission, as the database says now. */
export async function requirePermission(db: Queryable, userId: string, permission: string): Promise<void> {
  if (await userHasPermission(db, userId, permission)) return;
  throw new HoldfastError(
    'permission_denied',
    `This takes the permission ${permission}, which you do not have.`,
  );
}

/** The token of an Authorization header (RFC 6750 section 2.1); undefined when there is none of scheme Bearer. */
export function bearerToken(request: FastifyRequest): string | undefined {
  const header = request.headers.authorization;
  if (header === undefined || header.length < 8 || header.slice(0, 7).toLowerCase() !== 'bearer ')
    return undefined;
  const token = header.slice(7).trim();
  return token === '' ? undefined : token;
}

function requireBearer(request: FastifyRequest): string {
  const token = bearerToken(request);
  if (token !== undefined) return token;
  throw new HoldfastError('token_missing', 'Send an access token as Authorization: Bearer.');
}
