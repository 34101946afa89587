import { ACCESS_COOKIE, CSRF_COOKIE, REFRESH_COOKIE, REFRESH_COOKIE_PATH } from '@holdfast/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** What a browser session consists of. */
export interface SessionCookies {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly csrfToken: string;
  /** Seconds until the refresh token expires. The access token stays as long, so that its expiry is told as such. */
  readonly maxAge: number;
}

/**
 * Sets the cookies of a session (RFC 6265bis). `__Host-` binds a cookie to this very host and to Path=/; the refresh
 * cookie goes to the authentication operations alone and can therefore only have `__Secure-`.
 */
export function setSessionCookies(reply: FastifyReply, cookies: SessionCookies): void {
  const { accessToken, refreshToken, csrfToken, maxAge } = cookies;
  reply.header('set-cookie', accessCookie(accessToken, maxAge));
  reply.header('set-cookie', cookie(REFRESH_COOKIE, refreshToken, maxAge, REFRESH_COOKIE_PATH, true));
  reply.header('set-cookie', cookie(CSRF_COOKIE, csrfToken, maxAge, '/', false));
}

/** Replaces the access token alone. */
export function setAccessCookie(reply: FastifyReply, accessToken: string, maxAge: number): void {
  reply.header('set-cookie', accessCookie(accessToken, maxAge));
}

/** Removes what {@link setSessionCookies} set. */
export function clearSessionCookies(reply: FastifyReply): void {
  setSessionCookies(reply, { accessToken: '', refreshToken: '', csrfToken: '', maxAge: 0 });
}

function accessCookie(token: string, maxAge: number): string {
  return cookie(ACCESS_COOKIE, token, maxAge, '/', true);
}

/** The values are made of characters that need no encoding. */
function cookie(name: string, value: string, maxAge: number, path: string, httpOnly: boolean): string {
  const visibility = httpOnly ? '; HttpOnly' : '';
  return `${name}=${value}; Max-Age=${maxAge}; Path=${path}; Secure; SameSite=Lax${visibility}`;
}

/** The value of a cookie of the request; undefined when there is none, or an empty one. */
export function readCookie(request: Pick<FastifyRequest, 'headers'>, name: string): string | undefined {
  const header = request.headers.cookie;
  if (header === undefined || !header.includes(name)) return undefined;
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=');
    if (at !== -1 && pair.slice(0, at).trim() === name) {
      const value = pair.slice(at + 1).trim();
      return value === '' ? undefined : value;
    }
  }
  return undefined;
}
