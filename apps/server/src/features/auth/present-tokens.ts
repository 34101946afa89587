import type { IssuedTokens } from '@holdfast/auth';
import type { BearerTokens, CookieTokens } from '@holdfast/contract';
import type { FastifyReply } from 'fastify';
import { csrfToken } from '../../cookies/csrf-token.ts';
import { setSessionCookies } from '../../cookies/session-cookies.ts';
import type { Services } from '../../services.ts';

/** Seconds from now, as the database counts them. */
export function secondsUntil({ databaseClock }: Pick<Services, 'databaseClock'>, time: number): number {
  return Math.max(0, Math.floor((time - databaseClock.now()) / 1_000));
}

export function presentTokens(services: Services, issued: IssuedTokens): BearerTokens {
  return {
    accessToken: issued.accessToken,
    tokenType: 'Bearer',
    expiresIn: secondsUntil(services, issued.accessExpiresAt),
    refreshToken: issued.refreshToken,
    refreshExpiresIn: secondsUntil(services, issued.refreshExpiresAt),
  };
}

/** Puts the tokens into cookies and tells the rest. */
export function presentAsCookies(
  services: Services,
  reply: FastifyReply,
  issued: IssuedTokens,
): CookieTokens {
  const { accessToken, refreshToken } = issued;
  const refreshExpiresIn = secondsUntil(services, issued.refreshExpiresAt);
  const csrf = csrfToken(services.keyring(), issued.sessionId);
  setSessionCookies(reply, { accessToken, refreshToken, csrfToken: csrf, maxAge: refreshExpiresIn });
  return {
    tokenType: 'Cookie',
    expiresIn: secondsUntil(services, issued.accessExpiresAt),
    refreshExpiresIn,
    csrfToken: csrf,
  };
}
