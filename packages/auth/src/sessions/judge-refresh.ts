import type { RefreshClaims } from '../tokens/index.ts';
import type { FamilyState } from './rotation-queries.ts';

/** What a genuine refresh token deserves, given the state of its family. */
export type RefreshVerdict =
  /** Its generation is current: rotate (again, when a concurrent change got in between). */
  | { readonly kind: 'current' }
  /** It was rotated, and its holder may just not have received the answer: answer with the current token again. */
  | { readonly kind: 'repeat'; readonly family: FamilyState }
  /** It was rotated long ago and its successor was used: somebody has a copy. */
  | { readonly kind: 'reused' }
  | { readonly kind: 'ended'; readonly code: 'session_revoked' | 'session_expired' | 'account_disabled' }
  /** It is newer than the database, or unknown to it, as after a restore. */
  | { readonly kind: 'ahead' };

export interface JudgeOptions {
  readonly graceMs: number;
  readonly refreshTtlMs: number;
  /** The database's time, for families that have no row to read it from. */
  readonly now: number;
}

/**
 * Decides about a token that the guarded UPDATE did not take. Pure: all times come from the database.
 * A parent repeats for as long as its successor has not been used, and for the grace time after that.
 */
export function judgeRefresh(
  claims: RefreshClaims,
  family: FamilyState | undefined,
  options: JudgeOptions,
): RefreshVerdict {
  const now = family?.now.getTime() ?? options.now;
  const refusal = family === undefined ? undefined : familyRefusal(claims, family);
  if (refusal !== undefined) return refusal;
  if (claims.absoluteExpiry <= now) return ended('session_expired');
  // The token outranks a row that a restore has set back, so its own issue time decides whether it slid out of use.
  if (family === undefined || claims.generation > family.generation) {
    return claims.issuedAt + options.refreshTtlMs <= now ? ended('session_expired') : { kind: 'ahead' };
  }
  return family.expiresAt.getTime() <= now
    ? ended('session_expired')
    : judgeGeneration(claims, family, options.graceMs);
}

function familyRefusal(claims: RefreshClaims, family: FamilyState): RefreshVerdict | undefined {
  if (family.userId !== claims.userId || family.revoked) return ended('session_revoked');
  return family.accountActive ? undefined : ended('account_disabled');
}

function judgeGeneration(
  { generation }: RefreshClaims,
  family: FamilyState,
  graceMs: number,
): RefreshVerdict {
  if (generation === family.generation) return { kind: 'current' };
  if (generation === family.generation - 1) return { kind: 'repeat', family };
  const usedAt = successorUsedAt(generation, family);
  const inGrace = usedAt !== undefined && family.now.getTime() - usedAt.getTime() < graceMs;
  return inGrace ? { kind: 'repeat', family } : { kind: 'reused' };
}

function ended(code: 'session_revoked' | 'session_expired' | 'account_disabled'): RefreshVerdict {
  return { kind: 'ended', code };
}

/**
 * When the successor of a generation was used, which is when the one after it became current; undefined when that is too
 * long ago to be remembered. Up to then the parent was good, however old it was: after an outage several callers may
 * hold it, and the first one to go on must not make thieves of the others.
 */
function successorUsedAt(generation: number, family: FamilyState): Date | undefined {
  const newer = family.generation - generation - 2;
  return newer === 0 ? family.rotatedAt : family.previousRotations[newer - 1];
}
