import { createSharedLookup, type Pool } from '@holdfast/postgres';
import {
  type FamilyGeneration,
  type RotatedFamily,
  rotateFamilies,
  rotateFamily,
} from './rotation-queries.ts';

/** Rotates a family as `rotateFamily` does; undefined also when another transaction holds it. */
export type RotateInTurn = (family: FamilyGeneration) => Promise<RotatedFamily | undefined>;

/**
 * Rotations that begin in one turn of the event loop share a statement and a commit. Of one and the same token there is one
 * rotation, whose successor all of its callers get.
 */
export function createRotation({
  pool,
  refreshTtlMs,
}: {
  readonly pool: Pool;
  readonly refreshTtlMs: number;
}): RotateInTurn {
  return createSharedLookup({
    find: async ([first, ...others]: FamilyGeneration[]) => {
      if (first === undefined) return [];
      if (others.length > 0) return rotateFamilies(pool, [first, ...others], refreshTtlMs);
      const rotated = await rotateFamily(pool, first, refreshTtlMs);
      return rotated === undefined ? [] : [{ ...rotated, familyId: first.familyId, userId: first.userId }];
    },
    nameOfKey: ({ familyId, generation, userId }) => `${familyId} ${generation} ${userId}`,
    nameOfRow: ({ familyId, generation, userId }) => `${familyId} ${generation - 1} ${userId}`,
  });
}
