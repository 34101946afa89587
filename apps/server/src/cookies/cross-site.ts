import { timingSafeEqual } from 'node:crypto';
import { CSRF_COOKIE, CSRF_HEADER } from '@holdfast/contract';
import { HoldfastError, type Settings } from '@holdfast/core';
import type { FastifyRequest } from 'fastify';
import type { Services } from '../services.ts';
import { isCsrfToken } from './csrf-token.ts';
import { readCookie } from './session-cookies.ts';

type OriginSettings = Pick<Settings, 'publicUrl' | 'corsOrigins'>;

/**
 * Makes sure that a page of this origin, or of one on the allow-list, made the request. A browser cannot be made to lie
 * about either header; a request without both is refused, since every browser sends one with what changes something.
 * @throws HoldfastError `origin_not_allowed`.
 */
export function assertOrigin(request: FastifyRequest, settings: OriginSettings): void {
  const { origin } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (origin === undefined ? site === 'same-origin' : isOwnOrigin(request, origin, settings)) {
    if (site === undefined || site === 'same-origin' || settings.corsOrigins.includes(origin ?? '')) return;
  }
  throw new HoldfastError('origin_not_allowed', originRefusal(request, origin, settings));
}

function originRefusal(
  request: FastifyRequest,
  origin: string | undefined,
  settings: OriginSettings,
): string {
  const accepted = `Accepted: ${ownOrigins(request, settings).join(', ')}; HOLDFAST_CORS_ORIGINS adds others.`;
  if (origin === undefined) {
    return `Requests that rely on cookies need an Origin header, which browsers send by themselves. ${accepted}`;
  }
  return `Requests that rely on cookies must come from a page of this origin, or of one that is accepted. ${accepted}`;
}

/** What the origin of a page must be to count as ours. */
export function isOwnOrigin(request: FastifyRequest, origin: string, settings: OriginSettings): boolean {
  return ownOrigins(request, settings).includes(origin);
}

function ownOrigins(request: FastifyRequest, { publicUrl, corsOrigins }: OriginSettings): string[] {
  const published = publicUrl === undefined ? [] : [new URL(publicUrl).origin];
  return [...new Set([...published, `${request.protocol}://${request.host}`, ...corsOrigins])];
}

/**
 * Makes sure that whoever made the request can read the cookies of this site, and that they are of this session.
 * @throws HoldfastError `csrf_token_invalid`.
 */
export function assertCsrfToken(
  request: FastifyRequest,
  { keyring }: Pick<Services, 'keyring'>,
  sessionId: string,
): void {
  const sent = request.headers[CSRF_HEADER];
  const stored = readCookie(request, CSRF_COOKIE);
  if (typeof sent === 'string' && stored !== undefined && sameText(sent, stored)) {
    if (isCsrfToken(keyring(), sessionId, sent)) return;
  }
  throw new HoldfastError(
    'csrf_token_invalid',
    `Send the value of the cookie ${CSRF_COOKIE} in the header X-CSRF-Token.`,
  );
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
