import { HoldfastError } from '@holdfast/core';
import type { Pool } from '@holdfast/postgres';
import { type Actor, insertAudit } from '../audit/index.ts';
import type { RefreshClaims } from '../tokens/index.ts';
import { adoptFamily, findRecoveryState, type RecoveryState } from './recovery-queries.ts';

/** `adopt`: after a restore genuine newer tokens are believed. `strict`: their holders sign in again. */
export type RecoveryMode = 'adopt' | 'strict';

export interface RecoveryOptions {
  readonly pool: Pool;
  readonly mode: RecoveryMode;
  readonly refreshTtlMs: number;
}

/**
 * Rebuilds the session behind a genuine token that is ahead of the database or unknown to it. Resolves when the family
 * is there to be refreshed.
 * @throws HoldfastError `recovery_pending` (503) as long as no restore is on record that explains the contradiction, or
 * the absence of the account: never a logout; `session_revoked`, `account_disabled`, `account_not_in_restored_database`, or in strict mode
 * `session_not_restored`.
 */
export async function recoverSession(
  options: RecoveryOptions,
  claims: RefreshClaims,
  actor: Actor,
): Promise<void> {
  const refusal = judgeRecovery(await findRecoveryState(options.pool, claims), options.mode);
  if (refusal !== undefined) throw refusal;
  await options.pool.transaction(async tx => {
    if (!(await adoptFamily(tx, claims, options.refreshTtlMs))) return;
    const author: Actor = { ...actor, type: 'user', id: claims.userId, sessionId: claims.familyId };
    const details = { generation: claims.generation };
    const event = {
      action: 'session.recovered',
      subjectType: 'session',
      subjectId: claims.familyId,
      details,
    };
    await insertAudit(tx, author, event);
  });
}

/** Why a token is not adopted; undefined when it is. Revocation outweighs everything. */
export function judgeRecovery(state: RecoveryState, mode: RecoveryMode): HoldfastError | undefined {
  if (state.revoked)
    return new HoldfastError('session_revoked', 'The session has been ended. Sign in again.');
  if (!state.lost) {
    const message =
      'This session is newer than the database, which was restored or has lost rows. It stays valid; an operator has to run `holdfast restore-epoch`, or `holdfast doctor` to learn more.';
    return new HoldfastError('recovery_pending', message, { retryAfter: 30 });
  }
  if (!state.accountExists && !state.accountLost) {
    const message =
      'The account of this session is not in the database, which has lost rows. The session stays valid; an operator has to bring the rows of users back, or to run `holdfast doctor` to learn more.';
    return new HoldfastError('recovery_pending', message, { retryAfter: 30 });
  }
  if (!state.accountExists) {
    const message =
      'The account was created after the point that the database was restored to, so it is gone. Please register again.';
    return new HoldfastError('account_not_in_restored_database', message);
  }
  if (!state.accountActive) {
    return new HoldfastError('account_disabled', 'The account is disabled. Ask an administrator.');
  }
  if (mode === 'strict') {
    const message = 'The database was restored to a point before this sign-in. Please sign in again.';
    return new HoldfastError('session_not_restored', message);
  }
  return undefined;
}
