import { decodeRefreshToken } from '@holdfast/auth';
import { REFRESH_COOKIE } from '@holdfast/contract';
import type { FastifyRequest } from 'fastify';
import { assertCsrfToken, assertOrigin } from '../../cookies/cross-site.ts';
import { readCookie } from '../../cookies/session-cookies.ts';
import type { Services } from '../../services.ts';

/**
 * The refresh token of the cookie, once it is sure that a page of ours sent it; undefined when there is none. From here
 * on the request counts as made by cookie.
 * @throws HoldfastError `origin_not_allowed`, `csrf_token_invalid`, `token_invalid`.
 */
export function refreshTokenOfCookie(services: Services, request: FastifyRequest): string | undefined {
  const token = readCookie(request, REFRESH_COOKIE);
  if (token === undefined) return undefined;
  request.byCookie = true;
  assertOrigin(request, services.settings);
  assertCsrfToken(request, services, decodeRefreshToken(services.keyring(), token).familyId);
  return token;
}
