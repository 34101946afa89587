import type { Candidate } from './candidates.ts';
import { covers } from './evidence.ts';
import { EVIDENCE_GRADES } from './fault.ts';
import { layerDepth } from './layer.ts';

/** A set of candidates taken together, with everything sets are ranked by. */
export interface Explanation {
  readonly members: readonly Candidate[];
  readonly explains: ReadonlySet<string>;
  readonly unexplained: number;
  readonly absent: number;
  /** Index into EVIDENCE_GRADES of the weakest member. */
  readonly grade: number;
  /** Sum of the layer depths. */
  readonly depth: number;
}

/**
 * Every set of at most `size` candidates in which each failure that exonerates one member is explained by another
 * one. The empty set is among them.
 */
export function findExplanations(
  candidates: readonly Candidate[],
  failures: number,
  size: number,
): Explanation[] {
  return subsets(candidates, size)
    .filter(members => !isExonerated(members))
    .map(members => describe(members, failures));
}

function subsets(candidates: readonly Candidate[], size: number): Candidate[][] {
  if (size === 0) return [[]];
  const containing = candidates.flatMap((candidate, index) =>
    subsets(candidates.slice(index + 1), size - 1).map(rest => [candidate, ...rest]),
  );
  return [[], ...containing];
}

function isExonerated(members: readonly Candidate[]): boolean {
  return members.some(member =>
    [...member.violates].some(failure =>
      members.every(other => other === member || !other.explains.has(failure)),
    ),
  );
}

function describe(members: readonly Candidate[], failures: number): Explanation {
  const explains = union(members.map(member => member.explains));
  return {
    members,
    explains,
    unexplained: failures - explains.size,
    absent: union(members.map(member => member.absent)).size,
    grade: Math.max(0, ...members.map(({ fault }) => EVIDENCE_GRADES.indexOf(fault.grade))),
    depth: members.reduce((sum, { fault }) => sum + layerDepth(fault.layer), 0),
  };
}

function union(sets: readonly ReadonlySet<string>[]): Set<string> {
  return new Set(sets.flatMap(set => [...set]));
}

/** Negative when `a` is the better explanation; 0 for a tie. */
export function compareExplanations(a: Explanation, b: Explanation): number {
  return (
    a.unexplained - b.unexplained ||
    a.members.length - b.members.length ||
    a.absent - b.absent ||
    a.grade - b.grade ||
    a.depth - b.depth
  );
}

/** Whether everything that its members must fail was seen to fail. */
export function isSeen({ members }: Explanation): boolean {
  return members.every(({ hidden }) => hidden.length === 0);
}

/** Whether some of what each member must fail was seen to fail. */
export function isSupported({ members }: Explanation): boolean {
  return members.every(({ supported }) => supported);
}

/** Whether each member explains something that no other member does. */
export function isMinimal({ members }: Explanation): boolean {
  return members.every(member =>
    [...member.explains].some(failure =>
      members.every(other => other === member || !other.explains.has(failure)),
    ),
  );
}

/**
 * The must-fail checks, not seen in this run, that one of two explanations predicts and the other does not: looking
 * at any of them would tell the two apart.
 */
export function hiddenSeparators(a: Explanation, b: Explanation): string[] {
  const onlyIn = (one: Explanation, other: Explanation) =>
    one.members
      .filter(member => !other.members.includes(member))
      .flatMap(({ hidden }) => hidden)
      .filter(pattern => !other.members.some(({ predicts }) => predicts.some(wide => covers(wide, pattern))));
  return [...new Set([...onlyIn(a, b), ...onlyIn(b, a)])].sort();
}
