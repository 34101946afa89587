import { ACCESS_COOKIE, SOCKET_TOKEN_PREFIX } from '@holdfast/contract';
import type { Settings } from '@holdfast/core';
import type { FastifyRequest } from 'fastify';
import { isOwnOrigin } from '../../cookies/cross-site.ts';
import { readCookie } from '../../cookies/session-cookies.ts';
import { bearerToken } from '../../operations/authorization.ts';

/**
 * The access token that a handshake brings: as a subprotocol, a header, `?token=` (for older clients; it never gets into
 * a log), or the cookie of a page of ours. Undefined when there is none; the first message has to bring it then.
 */
export function handshakeToken(
  request: FastifyRequest,
  settings: Pick<Settings, 'publicUrl' | 'corsOrigins'>,
): string | undefined {
  const { token } = request.query as { readonly token?: unknown };
  return (
    protocolToken(request) ??
    bearerToken(request) ??
    (typeof token === 'string' && token !== '' ? token : undefined) ??
    cookieToken(request, settings)
  );
}

function protocolToken({ headers }: FastifyRequest): string | undefined {
  const offered = headers['sec-websocket-protocol']?.split(',').map(item => item.trim()) ?? [];
  return offered.find(item => item.startsWith(SOCKET_TOKEN_PREFIX))?.slice(SOCKET_TOKEN_PREFIX.length);
}

/** Handshakes are not subject to CORS: another site's page could open one with our cookies. */
function cookieToken(
  request: FastifyRequest,
  settings: Pick<Settings, 'publicUrl' | 'corsOrigins'>,
): string | undefined {
  const { origin } = request.headers;
  if (origin === undefined || !isOwnOrigin(request, origin, settings)) return undefined;
  return readCookie(request, ACCESS_COOKIE);
}
