import { HoldfastError } from '@holdfast/core';
import type { Queryable } from '@holdfast/postgres';
import type { AccessClaims, AccessTokens } from '../tokens/index.ts';
import type { RevocationFeed } from './revocation-feed.ts';
import { findSessionState } from './session-queries.ts';

export interface Authenticator {
  /**
   * The claims behind an access token whose session is live. Synchronous for a token seen before while the revocation
   * feed is fresh; with a stale feed the database is asked, and when that is not possible the answer is 503, never 401.
   * @throws HoldfastError `token_invalid`, `token_expired` (also for a session that a restore has lost), `session_revoked`, or an availability code.
   */
  authenticate(token: string): AccessClaims | Promise<AccessClaims>;
}

export function createAuthenticator(options: {
  readonly accessTokens: AccessTokens;
  readonly feed: RevocationFeed;
  readonly db: Queryable;
}): Authenticator {
  const { accessTokens, feed, db } = options;
  const admit = (claims: AccessClaims): AccessClaims | Promise<AccessClaims> => {
    if (feed.isRevoked(claims.sessionId)) throw revoked();
    return feed.isFresh() ? claims : askDatabase(db, claims);
  };
  return {
    authenticate: token => {
      const known = accessTokens.verifyCached(token);
      return known === undefined ? accessTokens.verify(token).then(admit) : admit(known);
    },
  };
}

async function askDatabase(db: Queryable, claims: AccessClaims): Promise<AccessClaims> {
  const state = await findSessionState(db, claims.sessionId);
  if (state === 'live') return claims;
  throw state === 'ended' ? revoked() : sessionUnknown();
}

/**
 * For a session that the database does not know, although its token is genuine: it was restored to an earlier point. The
 * refresh token decides what becomes of the session, so this must not end it.
 */
export function sessionUnknown(): HoldfastError {
  return new HoldfastError('token_expired', 'The database does not know this session; refresh the token.');
}

function revoked(): HoldfastError {
  return new HoldfastError('session_revoked', 'The session has been ended. Sign in again.');
}
