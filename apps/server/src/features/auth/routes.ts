import {
  type AccessClaims,
  type Actor,
  findAccount,
  findSessionState,
  logIn,
  registerAccount,
  sessionUnknown,
} from '@holdfast/auth';
import { ACCESS_COOKIE, operations, type TokenState } from '@holdfast/contract';
import { HoldfastError, isHoldfastError } from '@holdfast/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { assertOrigin } from '../../cookies/cross-site.ts';
import { clearSessionCookies, readCookie } from '../../cookies/session-cookies.ts';
import { actorOf, addressOf, userAgentOf } from '../../operations/actor.ts';
import { bearerToken } from '../../operations/authorization.ts';
import { type Implementation, implement } from '../../operations/implementation.ts';
import type { Services } from '../../services.ts';
import { presentUser } from '../account/present-account.ts';
import { presentAsCookies, presentTokens } from './present-tokens.ts';
import { refreshTokenOfCookie } from './refresh-source.ts';
import { stepUp } from './step-up.ts';
import { activeToken } from './token-state.ts';

const DEFAULT_CLIENT = 'default';

export function authRoutes(services: Services): Implementation[] {
  const { sessions } = services;
  return [
    implement(operations.register, async ({ body, request }) =>
      presentUser(await registerAccount(services, body, actorOf(request))),
    ),
    implement(operations.login, async ({ body, request, reply }) => {
      const { email, password, clientId = DEFAULT_CLIENT, cookies = false } = body;
      if (cookies) assertOrigin(request, services.settings);
      const origin = { address: addressOf(request), userAgent: userAgentOf(request) };
      const issued = await logIn(services, { email, password, clientId, ...origin }, actorOf(request));
      const account = await findAccount(services.pool, issued.userId);
      if (account === undefined) throw new HoldfastError('invalid_credentials', 'The account is gone.');
      const user = presentUser(account);
      return cookies
        ? { ...presentAsCookies(services, reply, issued), user }
        : { ...presentTokens(services, issued), user };
    }),
    implement(operations.refresh, async ({ body, request, reply }) => {
      const given = body?.refreshToken;
      if (given !== undefined) {
        return presentTokens(services, await sessions.refresh(given, actorOf(request)));
      }
      const stored = refreshTokenOfCookie(services, request);
      if (stored === undefined) throw new HoldfastError('token_missing', 'Send {"refreshToken": …}.');
      return presentAsCookies(services, reply, await sessions.refresh(stored, actorOf(request)));
    }),
    implement(operations.logout, async ({ body, request, reply }) => {
      await logOut(services, body?.refreshToken, request, reply);
      return undefined;
    }),
    implement(operations.stepUp, ({ body, auth, request, reply }) =>
      stepUp(services, { claims: auth, password: body.password, request, reply }),
    ),
    implement(operations.validateToken, async ({ body, request }) => {
      const token = body?.token ?? bearerToken(request);
      if (token === undefined) {
        const message = 'Send the token as {"token": …} or as Authorization: Bearer.';
        throw new HoldfastError('invalid_request', message);
      }
      const state: TokenState = (await activeToken(services, token)) ?? { active: false };
      return state;
    }),
  ];
}

/** Ends the session of the refresh token in the body, of the bearer token, or of the cookies, whichever is there first. */
async function logOut(
  services: Services,
  given: string | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  if (given !== undefined) return services.sessions.end(given, actorOf(request));
  const bearer = bearerToken(request);
  if (bearer !== undefined) {
    return endSessionOf(services, await services.accessTokens.verify(bearer), request);
  }
  await logOutByCookie(services, request);
  clearSessionCookies(reply);
}

/**
 * A refresh cookie that no key verifies any more must not keep anybody from signing out: then the access cookie names the
 * session, and where it does not either there is none left that these cookies could use.
 */
async function logOutByCookie(services: Services, request: FastifyRequest): Promise<void> {
  try {
    const stored = refreshTokenOfCookie(services, request);
    if (stored !== undefined) return await services.sessions.end(stored, actorOf(request));
  } catch (error) {
    if (!isHoldfastError(error, 'token_invalid')) throw error;
  }
  const access = readCookie(request, ACCESS_COOKIE);
  if (access === undefined && !request.byCookie) {
    const message = 'Send the refresh token, or the access token as Authorization: Bearer.';
    throw new HoldfastError('token_missing', message);
  }
  request.byCookie = true;
  assertOrigin(request, services.settings);
  // the CSRF token was made with the same key as the refresh token, so the origin has to suffice
  const claims = await genuineClaims(services, access);
  if (claims !== undefined) await endSessionOf(services, claims, request);
}

async function genuineClaims(
  { accessTokens }: Services,
  token: string | undefined,
): Promise<AccessClaims | undefined> {
  if (token === undefined) return undefined;
  return accessTokens.verify(token).catch(error => {
    if (isHoldfastError(error, 'token_invalid', 'token_expired')) return undefined;
    throw error;
  });
}

async function endSessionOf(
  { pool, revoke }: Services,
  { userId, sessionId }: AccessClaims,
  request: FastifyRequest,
): Promise<void> {
  const actor: Actor = { ...actorOf(request), type: 'user', id: userId, sessionId };
  const ended = await revoke(pool, { sessionId, userId }, { reason: 'logout', actor });
  if (ended.length === 0 && (await findSessionState(pool, sessionId)) === 'unknown') throw sessionUnknown();
}
