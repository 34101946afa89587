import { findSessionState, sessionUnknown } from '@holdfast/auth';
import { HoldfastError } from '@holdfast/core';
import type { Queryable } from '@holdfast/postgres';

/** The error for a genuine token whose session or account was not found: ended, or lost by a restore, which is no end. */
export async function sessionGone(db: Queryable, sessionId: string): Promise<HoldfastError> {
  if ((await findSessionState(db, sessionId)) === 'unknown') return sessionUnknown();
  return new HoldfastError('session_revoked', 'The session has been ended. Sign in again.');
}
