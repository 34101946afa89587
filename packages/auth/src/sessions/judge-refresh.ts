import type { RefreshClaims } from '../tokens/index.ts';
import type { FamilyState } from './rotation-queries.ts';

/** What a genuine refresh token deserves, given the state of its family. */
export type RefreshVerdict =
  /** Its generation is current: rotate (again, when a concurrent change got in between). */
  | { readonly kind: 'current' }
  /** It was rotated, and its holder may just not have received the answer: answer with the current token again. */
  | { readonly kind: 'repeat' }
  /** It was rotated long ago and its successor was used: somebody has a copy. */
  | { readonly kind: 'reused' }
  | { readonly kind: 'ended'; readonly code: 'session_revoked' | 'session_expired' | 'account_disabled' }
  /** It contradicts the database, as after a restore. */
  | { readonly kind: 'ahead' };

/**
 * Decides about a token that the guarded UPDATE did not take. Pure: all times come from the database row.
 * A parent repeats for as long as its successor has not been used, and inside the grace window in any case.
 */
export function judgeRefresh(claims: RefreshClaims, family: FamilyState, graceMs: number): RefreshVerdict {
  if (family.userId !== claims.userId) return { kind: 'ended', code: 'session_revoked' };
  if (family.revoked) return { kind: 'ended', code: 'session_revoked' };
  if (!family.accountActive) return { kind: 'ended', code: 'account_disabled' };
  const now = family.now.getTime();
  if (family.expiresAt.getTime() <= now || claims.absoluteExpiry <= now)
    return { kind: 'ended', code: 'session_expired' };
  if (claims.generation > family.generation) return { kind: 'ahead' };
  if (claims.generation === family.generation) return { kind: 'current' };
  if (claims.generation === family.generation - 1) return { kind: 'repeat' };
  const supersededAt = rotationAfter(claims.generation, family);
  return supersededAt !== undefined && now - supersededAt.getTime() <= graceMs
    ? { kind: 'repeat' }
    : { kind: 'reused' };
}

/** When the generation after the given one became current; undefined when that is too long ago to be remembered. */
function rotationAfter(generation: number, family: FamilyState): Date | undefined {
  return family.previousRotations[family.generation - generation - 2];
}
