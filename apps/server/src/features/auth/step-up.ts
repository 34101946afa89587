import { type AccessClaims, confirmPassword, findSessionAccount, insertAudit } from '@holdfast/auth';
import { RECENT_AUTH_SECONDS, type StepUp } from '@holdfast/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { setAccessCookie } from '../../cookies/session-cookies.ts';
import { userOf } from '../../operations/actor.ts';
import type { Services } from '../../services.ts';
import { sessionGone } from '../account/session-gone.ts';
import { secondsUntil } from './present-tokens.ts';

export interface StepUpRequest {
  readonly claims: AccessClaims;
  readonly password: string;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/**
 * Proves the password again and issues an access token of the same session that says when. Goes back to its cookie when
 * it came from there.
 * @throws HoldfastError `invalid_credentials`, `overloaded`, `session_revoked`.
 */
export async function stepUp(services: Services, stepping: StepUpRequest): Promise<StepUp> {
  const { claims, password, request, reply } = stepping;
  const { userId, sessionId, clientId } = claims;
  await confirmPassword(services, userId, password);
  // after the password, which takes a while: the session may have ended meanwhile
  const account = await findSessionAccount(services.pool, userId, sessionId);
  if (account === undefined) throw await sessionGone(services.pool, sessionId);
  const event = { action: 'session.stepped_up', subjectType: 'session', subjectId: sessionId };
  await insertAudit(services.pool, userOf(request), event);
  const amr = [...new Set([...claims.amr, 'pwd'])];
  const authenticatedAt = services.databaseClock.now();
  const { token, expiresAt } = await services.accessTokens.issue(
    { userId, sessionId, clientId, roles: account.roles, amr, authenticatedAt },
    authenticatedAt,
  );
  const expiresIn = secondsUntil(services, expiresAt);
  const recentFor = Math.min(RECENT_AUTH_SECONDS, expiresIn);
  if (!request.byCookie) return { accessToken: token, tokenType: 'Bearer', expiresIn, recentFor };
  setAccessCookie(reply, token, expiresIn);
  return { tokenType: 'Cookie', expiresIn, recentFor };
}
