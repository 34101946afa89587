import { type Clock, HoldfastError, isHoldfastError } from '@holdfast/core';
import type { Pool } from '@holdfast/postgres';
import type { Actor } from '../audit/index.ts';
import { type RecoveryMode, recoverSession } from '../recovery/index.ts';
import {
  type AccessTokens,
  claimedKeyTag,
  decodeRefreshToken,
  encodeRefreshToken,
  type Keyring,
  type RefreshClaims,
  refreshKeyIsRevoked,
} from '../tokens/index.ts';
import { judgeRefresh } from './judge-refresh.ts';
import { insertSession, type NewSession } from './login-queries.ts';
import type { RevokeSessions } from './revoke-sessions.ts';
import { createRotation, type RotateInTurn } from './rotate-in-turn.ts';
import { findFamily, type RotatedFamily, rotateFamily } from './rotation-queries.ts';
import { listSurplusSessions } from './session-queries.ts';

export interface SessionServiceOptions {
  readonly pool: Pool;
  readonly keyring: () => Keyring;
  readonly accessTokens: AccessTokens;
  readonly refreshTtlMs: number;
  readonly sessionTtlMs: number;
  readonly graceMs: number;
  /** The database's time, which decides about tokens that the database does not know. */
  readonly clock: Pick<Clock, 'now'>;
  readonly revoke: RevokeSessions;
  /** What becomes of genuine tokens that a restored database does not know. */
  readonly recovery: RecoveryMode;
  /** The most live sessions of a user; the least recently used ones end when there are more. */
  readonly sessionLimit: number;
}

/** What a client holds after a login or a refresh. Times are in milliseconds since the epoch. */
export interface IssuedTokens {
  readonly sessionId: string;
  readonly userId: string;
  readonly accessToken: string;
  readonly accessExpiresAt: number;
  readonly refreshToken: string;
  readonly refreshExpiresAt: number;
}

export type SessionRequest = Omit<NewSession, 'refreshTtlMs' | 'sessionTtlMs' | 'sessionLimit'> & {
  readonly roles: readonly string[];
};

export interface SessionService {
  /**
   * Starts a session with a new id for an account that has just authenticated.
   * @throws HoldfastError `account_disabled` when it was disabled or deleted meanwhile.
   */
  start(request: SessionRequest, actor: Actor): Promise<IssuedTokens>;
  /**
   * Exchanges a refresh token. Every caller that presents the same token gets the same successor while that is not used
   * yet, and the current one inside the grace window; a token reused later ends its session.
   * @throws HoldfastError `token_invalid`, `session_revoked`, `session_expired`, `refresh_token_reused`,
   * `account_disabled`, or one of the database's availability codes, which never end a session.
   */
  refresh(refreshToken: string, actor: Actor): Promise<IssuedTokens>;
  /**
   * Ends the session of a refresh token; an ended or unknown session is no error.
   * @throws HoldfastError `token_invalid`; `recovery_pending` for a session that the database seems to have lost.
   */
  end(refreshToken: string, actor: Actor): Promise<void>;
  /** What a refresh token stands for, without using it; undefined when it would not be accepted. @throws HoldfastError `token_invalid`. */
  inspect(refreshToken: string): Promise<InspectedSession | undefined>;
  /** The session of a genuine refresh token, whatever has become of it. @throws HoldfastError `token_invalid`. */
  sessionOf(refreshToken: string): string;
}

/** Times are in milliseconds since the epoch. */
export interface InspectedSession {
  readonly sessionId: string;
  readonly userId: string;
  readonly clientId: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export function createSessionService(options: SessionServiceOptions): SessionService {
  const rotate = createRotation(options);
  return {
    start: (request, actor) => startSession(options, request, actor),
    refresh: (refreshToken, actor) => refreshSession(options, rotate, refreshToken, actor),
    end: (refreshToken, actor) => endSession(options, refreshToken, actor),
    inspect: refreshToken => inspectToken(options, refreshToken),
    sessionOf: refreshToken => decodeRefreshToken(options.keyring(), refreshToken).familyId,
  };
}

async function inspectToken(
  options: SessionServiceOptions,
  token: string,
): Promise<InspectedSession | undefined> {
  const claims = decodeRefreshToken(options.keyring(), token);
  const family = await findFamily(options.pool, claims.familyId);
  const verdict = judgeRefresh(claims, family, { ...options, now: options.clock.now() });
  if (family === undefined || (verdict.kind !== 'current' && verdict.kind !== 'repeat')) return undefined;
  const { familyId: sessionId, userId, issuedAt } = claims;
  return { sessionId, userId, issuedAt, clientId: family.clientId, expiresAt: family.expiresAt.getTime() };
}

async function endSession(options: SessionServiceOptions, refreshToken: string, actor: Actor): Promise<void> {
  const claims = decodeRefreshToken(options.keyring(), refreshToken);
  const { familyId: sessionId, userId } = claims;
  const byOwner: Actor = actor.id === null ? { ...actor, type: 'user', id: userId, sessionId } : actor;
  const end = (): Promise<string[]> =>
    options.revoke(options.pool, { sessionId, userId }, { reason: 'logout', actor: byOwner });
  if ((await end()).length === 0 && (await restoreForEnding(options, claims, byOwner))) await end();
}

/**
 * A session that a restore has lost could come back by another of its tokens, so it is rebuilt in order to be ended.
 * @returns whether there is something to end now. @throws HoldfastError `recovery_pending`.
 */
async function restoreForEnding(
  options: SessionServiceOptions,
  claims: RefreshClaims,
  actor: Actor,
): Promise<boolean> {
  const family = await findFamily(options.pool, claims.familyId);
  if (family !== undefined) return false;
  const verdict = judgeRefresh(claims, family, { ...options, now: options.clock.now() });
  if (verdict.kind !== 'ahead') return false;
  try {
    // whatever the mode, so that it stays ended when the mode is changed
    await recoverSession({ ...options, mode: 'adopt' }, claims, actor);
    return true;
  } catch (error) {
    // refused for good: no token of this session will ever be believed again
    if (isHoldfastError(error) && error.entry.status < 500) return false;
    throw error;
  }
}

async function startSession(
  options: SessionServiceOptions,
  request: SessionRequest,
  actor: Actor,
): Promise<IssuedTokens> {
  const { pool, refreshTtlMs, sessionTtlMs, sessionLimit } = options;
  const limits = { refreshTtlMs, sessionTtlMs, sessionLimit };
  const session = await insertSession(pool, { ...request, ...limits }, actor);
  if (session === undefined) throw ended('account_disabled');
  if (session.full) await endSurplus(options, request.userId, { ...actor, sessionId: session.sessionId });
  const claims: RefreshClaims = {
    familyId: session.sessionId,
    generation: 0,
    userId: request.userId,
    issuedAt: session.startedAt.getTime(),
    absoluteExpiry: session.absoluteExpiresAt.getTime(),
  };
  return issueTokens(options, claims, {
    clientId: request.clientId,
    amr: request.amr,
    roles: request.roles,
    expiresAt: session.refreshExpiresAt,
    now: session.startedAt,
    authenticatedAt: session.startedAt.getTime(),
  });
}

/** Ends the least recently used sessions of a user beyond the limit; the new one is the most recent. */
async function endSurplus(options: SessionServiceOptions, userId: string, actor: Actor): Promise<void> {
  const surplus = await listSurplusSessions(options.pool, userId, options.sessionLimit);
  for (const sessionId of surplus) {
    await options.revoke(options.pool, { sessionId, userId }, { reason: 'session_limit', actor });
  }
}

/** A rotation that lost against a concurrent one looks again, and so does one whose session was just recovered. */
const MAX_LOOKS = 5;

async function refreshSession(
  options: SessionServiceOptions,
  rotate: RotateInTurn,
  token: string,
  actor: Actor,
): Promise<IssuedTokens> {
  const claims = await decodeOrExplain(options, token);
  for (let look = 0; look < MAX_LOOKS; look += 1) {
    const rotated =
      look === 0 ? await rotate(claims) : await rotateFamily(options.pool, claims, options.refreshTtlMs);
    if (rotated !== undefined) return issueForFamily(options, claims, rotated);
    const family = await findFamily(options.pool, claims.familyId);
    const verdict = judgeRefresh(claims, family, { ...options, now: options.clock.now() });
    if (verdict.kind === 'repeat') return issueForFamily(options, claims, verdict.family);
    if (verdict.kind === 'ended') throw ended(verdict.code);
    if (verdict.kind === 'reused') throw await endReused(options, claims, actor);
    if (verdict.kind === 'ahead') await recoverSession({ ...options, mode: options.recovery }, claims, actor);
  }
  throw new HoldfastError('overloaded', 'This session is being refreshed by too many at once; try again.', {
    retryAfter: 1,
  });
}

/** A token under a key that was revoked on purpose is told from one that nobody here has made: its session has ended. */
async function decodeOrExplain(options: SessionServiceOptions, token: string): Promise<RefreshClaims> {
  try {
    return decodeRefreshToken(options.keyring(), token);
  } catch (error) {
    const tag = claimedKeyTag(token);
    if (tag !== undefined && (await refreshKeyIsRevoked(options.pool, tag))) throw ended('session_revoked');
    throw error;
  }
}

async function endReused(
  options: SessionServiceOptions,
  claims: RefreshClaims,
  actor: Actor,
): Promise<HoldfastError> {
  const revocation = {
    reason: 'refresh_token_reused',
    actor: { ...actor, sessionId: claims.familyId },
  } as const;
  await options.revoke(options.pool, { sessionId: claims.familyId }, revocation);
  return ended('refresh_token_reused');
}

function issueForFamily(
  options: SessionServiceOptions,
  presented: RefreshClaims,
  family: RotatedFamily,
): Promise<IssuedTokens> {
  const claims: RefreshClaims = {
    ...presented,
    generation: family.generation,
    issuedAt: family.rotatedAt.getTime(),
  };
  return issueTokens(options, claims, family);
}

async function issueTokens(
  options: SessionServiceOptions,
  claims: RefreshClaims,
  family: Pick<RotatedFamily, 'clientId' | 'amr' | 'roles' | 'expiresAt' | 'now'> & {
    readonly authenticatedAt?: number;
  },
): Promise<IssuedTokens> {
  const access = await options.accessTokens.issue(
    {
      userId: claims.userId,
      sessionId: claims.familyId,
      clientId: family.clientId,
      roles: family.roles,
      amr: family.amr,
      authenticatedAt: family.authenticatedAt,
    },
    family.now.getTime(),
  );
  return {
    sessionId: claims.familyId,
    userId: claims.userId,
    accessToken: access.token,
    accessExpiresAt: access.expiresAt,
    refreshToken: encodeRefreshToken(options.keyring(), claims),
    refreshExpiresAt: family.expiresAt.getTime(),
  };
}

const ENDED_MESSAGES = {
  session_revoked: 'The session has been ended. Sign in again.',
  session_expired: 'The session has expired. Sign in again.',
  account_disabled: 'The account is disabled. Ask an administrator.',
  refresh_token_reused:
    'A refresh token was used a second time, so its session has been ended. Sign in again.',
} as const;

function ended(code: keyof typeof ENDED_MESSAGES): HoldfastError {
  return new HoldfastError(code, ENDED_MESSAGES[code]);
}
