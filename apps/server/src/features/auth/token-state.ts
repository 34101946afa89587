import { type AccessClaims, sessionIsLive } from '@holdfast/auth';
import type { ActiveToken } from '@holdfast/contract';
import { isHoldfastError } from '@holdfast/core';
import type { Services } from '../../services.ts';

/** The claims of an access token that is good now, of a session that is live; undefined for any other text. */
export async function activeToken(services: Services, token: string): Promise<ActiveToken | undefined> {
  try {
    const claims = await services.accessTokens.verify(token);
    const live = await sessionIsLive(services.pool, claims.sessionId);
    return live ? presentClaims(services, claims) : undefined;
  } catch (error) {
    if (isHoldfastError(error, 'token_invalid', 'token_expired')) return undefined;
    throw error;
  }
}

function presentClaims({ settings }: Services, claims: AccessClaims): ActiveToken {
  return {
    active: true,
    iss: settings.issuer,
    aud: settings.audience,
    sub: claims.userId,
    sid: claims.sessionId,
    jti: claims.tokenId,
    iat: claims.issuedAt / 1_000,
    exp: claims.expiresAt / 1_000,
    client_id: claims.clientId,
    roles: [...claims.roles],
    amr: [...claims.amr],
    ...(claims.authenticatedAt === undefined ? {} : { auth_time: claims.authenticatedAt / 1_000 }),
    token_type: 'Bearer',
  };
}
