import { decodeRefreshToken } from '@holdfast/auth';
import { REFRESH_COOKIE } from '@holdfast/contract';
import { isHoldfastError } from '@holdfast/core';
import type { FastifyRequest } from 'fastify';
import { assertCsrfToken, assertOrigin } from '../../cookies/cross-site.ts';
import { readCookie } from '../../cookies/session-cookies.ts';
import type { Services } from '../../services.ts';

/**
 * The refresh token of the cookie, once it is sure that a page of ours sent it; undefined when there is none. From here
 * on the request counts as made by cookie. One that no key verifies names no session that a CSRF token could be of, and
 * is good for nothing but to be refused.
 * @throws HoldfastError `origin_not_allowed`, `csrf_token_invalid`.
 */
export function refreshTokenOfCookie(services: Services, request: FastifyRequest): string | undefined {
  const token = readCookie(request, REFRESH_COOKIE);
  if (token === undefined) return undefined;
  request.byCookie = true;
  assertOrigin(request, services.settings);
  const sessionId = sessionOf(services, token);
  if (sessionId !== undefined) assertCsrfToken(request, services, sessionId);
  return token;
}

function sessionOf({ keyring }: Services, token: string): string | undefined {
  try {
    return decodeRefreshToken(keyring(), token).familyId;
  } catch (error) {
    if (isHoldfastError(error, 'token_invalid')) return undefined;
    throw error;
  }
}
