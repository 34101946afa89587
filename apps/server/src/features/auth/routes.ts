import {
  type Actor,
  findAccount,
  findSessionState,
  logIn,
  registerAccount,
  sessionUnknown,
} from '@holdfast/auth';
import { operations, type TokenState } from '@holdfast/contract';
import { HoldfastError } from '@holdfast/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { assertOrigin } from '../../cookies/cross-site.ts';
import { clearSessionCookies } from '../../cookies/session-cookies.ts';
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
  if (bearer !== undefined) return endBearerSession(services, bearer, request);
  const stored = refreshTokenOfCookie(services, request);
  if (stored === undefined) {
    const message = 'Send the refresh token, or the access token as Authorization: Bearer.';
    throw new HoldfastError('token_missing', message);
  }
  await services.sessions.end(stored, actorOf(request));
  clearSessionCookies(reply);
}

async function endBearerSession(
  { accessTokens, pool, revoke }: Services,
  token: string,
  request: FastifyRequest,
): Promise<void> {
  const { userId, sessionId } = await accessTokens.verify(token);
  const actor: Actor = { ...actorOf(request), type: 'user', id: userId, sessionId };
  const ended = await revoke(pool, { sessionId, userId }, { reason: 'logout', actor });
  if (ended.length === 0 && (await findSessionState(pool, sessionId)) === 'unknown') throw sessionUnknown();
}
