import {
  type Actor,
  findAccount,
  type IssuedTokens,
  logIn,
  registerAccount,
  revokeSessions,
  sessionIsLive,
} from '@holdfast/auth';
import { type ActiveToken, operations, type TokenState, type Tokens } from '@holdfast/contract';
import { HoldfastError, isHoldfastError } from '@holdfast/core';
import type { FastifyRequest } from 'fastify';
import { actorOf, addressOf, userAgentOf } from '../../operations/actor.ts';
import { bearerToken } from '../../operations/authorization.ts';
import { type Implementation, implement } from '../../operations/implementation.ts';
import type { Services } from '../../services.ts';
import { presentUser } from '../account/present-account.ts';

const DEFAULT_CLIENT = 'default';

export function authRoutes(services: Services): Implementation[] {
  const { sessions } = services;
  return [
    implement(operations.register, async ({ body, request }) =>
      presentUser(await registerAccount(services, body, actorOf(request))),
    ),
    implement(operations.login, async ({ body, request }) => {
      const { email, password, clientId = DEFAULT_CLIENT } = body;
      const origin = { address: addressOf(request), userAgent: userAgentOf(request) };
      const issued = await logIn(services, { email, password, clientId, ...origin }, actorOf(request));
      const account = await findAccount(services.pool, issued.userId);
      if (account === undefined) throw new HoldfastError('invalid_credentials', 'The account is gone.');
      return { ...presentTokens(services, issued), user: presentUser(account) };
    }),
    implement(operations.refresh, async ({ body, request }) =>
      presentTokens(services, await sessions.refresh(body.refreshToken, actorOf(request))),
    ),
    implement(operations.logout, async ({ body, request }) => {
      const refreshToken = body?.refreshToken;
      if (refreshToken === undefined) await endBearerSession(services, request);
      else await sessions.end(refreshToken, actorOf(request));
      return undefined;
    }),
    implement(operations.validateToken, ({ body, request }) => {
      const token = body?.token ?? bearerToken(request);
      if (token !== undefined) return stateOf(services, token);
      throw new HoldfastError(
        'invalid_request',
        'Send the token as {"token": …} or as Authorization: Bearer.',
      );
    }),
  ];
}

function presentTokens({ clock }: Services, issued: IssuedTokens): Tokens {
  const secondsUntil = (time: number): number => Math.max(0, Math.floor((time - clock.now()) / 1_000));
  return {
    accessToken: issued.accessToken,
    tokenType: 'Bearer',
    expiresIn: secondsUntil(issued.accessExpiresAt),
    refreshToken: issued.refreshToken,
    refreshExpiresIn: secondsUntil(issued.refreshExpiresAt),
  };
}

async function endBearerSession({ accessTokens, pool }: Services, request: FastifyRequest): Promise<void> {
  const token = bearerToken(request);
  if (token === undefined) {
    throw new HoldfastError(
      'token_missing',
      'Send the refresh token, or the access token as Authorization: Bearer.',
    );
  }
  const { userId, sessionId } = await accessTokens.verify(token);
  const actor: Actor = { ...actorOf(request), type: 'user', id: userId, sessionId };
  await revokeSessions(pool, { sessionId, userId }, { reason: 'logout', actor });
}

async function stateOf({ accessTokens, pool, settings }: Services, token: string): Promise<TokenState> {
  try {
    const claims = await accessTokens.verify(token);
    if (!(await sessionIsLive(pool, claims.sessionId))) return { active: false };
    return {
      active: true,
      iss: settings.issuer ?? '',
      aud: settings.audience,
      sub: claims.userId,
      sid: claims.sessionId,
      jti: claims.tokenId,
      iat: claims.issuedAt / 1_000,
      exp: claims.expiresAt / 1_000,
      client_id: claims.clientId,
      roles: [...claims.roles],
      amr: [...claims.amr],
      token_type: 'Bearer',
    } satisfies ActiveToken;
  } catch (error) {
    if (isHoldfastError(error, 'token_invalid', 'token_expired')) return { active: false };
    throw error;
  }
}
