import { type AccessClaims, userHasPermission } from '@holdfast/auth';
import {
  ACCESS_COOKIE,
  type Operation,
  type OperationDefinition,
  RECENT_AUTH_SECONDS,
} from '@holdfast/contract';
import { HoldfastError } from '@holdfast/core';
import type { Queryable } from '@holdfast/postgres';
import type { FastifyRequest, HookHandlerDoneFunction, onRequestHookHandler } from 'fastify';
import { assertCsrfToken, assertOrigin } from '../cookies/cross-site.ts';
import { readCookie } from '../cookies/session-cookies.ts';
import type { Services } from '../services.ts';

type Guard = (claims: AccessClaims, request: FastifyRequest) => undefined | Promise<void>;

/**
 * The hook that admits callers to an operation before its body is read: whoever is signed in, or whoever has the
 * permission as the database says now. A bearer token goes before cookies. Undefined for public operations. Without a
 * promise for a token seen before.
 */
export function authorizationHook(
  services: Services,
  operation: Operation<OperationDefinition>,
): onRequestHookHandler | undefined {
  if (operation.access === 'public') return undefined;
  const guard = guardOf(services, operation);
  const changes = operation.method !== 'GET';
  const { authenticator, settings } = services;
  return (request, _reply, done) => {
    try {
      const token = bearerToken(request) ?? cookieToken(request);
      if (changes && request.byCookie) assertOrigin(request, settings);
      const claims = authenticator.authenticate(token);
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
  let verdict: undefined | Promise<void>;
  try {
    verdict = guard(claims, request);
  } catch (error) {
    done(error as Error);
    return;
  }
  if (verdict === undefined) done();
  else verdict.then(() => done(), done);
}

function guardOf(
  services: Services,
  { access, permission, operationId, recentAuth, method }: Operation<OperationDefinition>,
): Guard {
  const changes = method !== 'GET';
  const check: Guard = (claims, request) => {
    if (changes && request.byCookie) assertCsrfToken(request, services, claims.sessionId);
    if (recentAuth === true) assertRecentAuth(services, claims);
    return undefined;
  };
  if (access === 'user') return check;
  if (permission === undefined) throw new Error(`Operation ${operationId} names no permission`);
  return (claims, request) => {
    check(claims, request);
    return requirePermission(services.pool, claims.userId, permission);
  };
}

/** @throws HoldfastError `permission_denied` unless the account has the permission, as the database says now. */
export async function requirePermission(db: Queryable, userId: string, permission: string): Promise<void> {
  if (await userHasPermission(db, userId, permission)) return;
  throw new HoldfastError(
    'permission_denied',
    `This takes the permission ${permission}, which you do not have.`,
  );
}

/** For operations whose contract asks for it where certain members of the body change. */
export function assertRecentAuthFor(
  services: Pick<Services, 'databaseClock'>,
  { recentAuth }: Pick<OperationDefinition, 'recentAuth'>,
  claims: AccessClaims,
  body: object,
): void {
  const members = Array.isArray(recentAuth) ? (recentAuth as readonly string[]) : [];
  if (Object.keys(body).some(name => members.includes(name))) assertRecentAuth(services, claims);
}

/** @throws HoldfastError `recent_authentication_required`. */
function assertRecentAuth(
  { databaseClock }: Pick<Services, 'databaseClock'>,
  { authenticatedAt }: AccessClaims,
): void {
  const age = authenticatedAt === undefined ? undefined : databaseClock.now() - authenticatedAt;
  if (age !== undefined && age <= RECENT_AUTH_SECONDS * 1_000) return;
  throw new HoldfastError(
    'recent_authentication_required',
    'Give the password again (POST /api/v1/auth/step-up) and repeat the request with the token of that answer.',
  );
}

/** The token of an Authorization header (RFC 6750 section 2.1); undefined when there is none of scheme Bearer. */
export function bearerToken(request: Pick<FastifyRequest, 'headers'>): string | undefined {
  const header = request.headers.authorization;
  if (header === undefined || header.length < 8 || header.slice(0, 7).toLowerCase() !== 'bearer ')
    return undefined;
  const token = header.slice(7).trim();
  return token === '' ? undefined : token;
}

function cookieToken(request: FastifyRequest): string {
  const token = readCookie(request, ACCESS_COOKIE);
  if (token === undefined) {
    throw new HoldfastError('token_missing', 'Send an access token as Authorization: Bearer, or sign in.');
  }
  request.byCookie = true;
  return token;
}
