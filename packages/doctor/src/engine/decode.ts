import { type Candidate, findCandidates } from './candidates.ts';
import type { CheckOutcome } from './check.ts';
import { type Evidence, gatherEvidence } from './evidence.ts';
import {
  compareExplanations,
  type Explanation,
  findExplanations,
  hiddenSeparators,
  isMinimal,
  isSeen,
  isSupported,
} from './explanations.ts';
import type { Fault } from './fault.ts';

/** A fault with the subjects it was found at and the failures it explains. */
export interface FoundFault {
  readonly fault: Fault;
  readonly subjects: readonly (string | undefined)[];
  /** Ids of failed outcomes. */
  readonly explains: readonly string[];
  /** certain: the broken state itself was seen, and everything that must fail with it has failed. */
  readonly confidence: 'certain' | 'likely';
}

/** Explanations that the evidence cannot tell apart. */
export interface Undecided {
  readonly alternatives: readonly (readonly FoundFault[])[];
  /** Checks that would tell them apart and could not be made; empty when no check of the doctor would. */
  readonly separatedBy: readonly string[];
}

export interface UnexplainedFailure {
  readonly outcome: CheckOutcome;
  /** Faults that would explain it but for which there is no evidence, and the checks that would show them. */
  readonly couldBe: readonly { readonly fault: Fault; readonly shownBy: readonly string[] }[];
}

export interface Verdict {
  readonly causes: readonly FoundFault[];
  readonly undecided: Undecided | undefined;
  readonly unexplained: readonly UnexplainedFailure[];
}

/**
 * The smallest set of faults that explains the failures. Sets of at most `maxFaults` are ranked by: no member
 * exonerated; fewest failures left over; smallest set; fewest predictions that did not come true; evidence grade;
 * layer depth. What was not seen counts for nobody: a set that a check not made would tell from the best one is a tie,
 * whatever the last three say, and so is a larger set whose evidence is complete where the best one's is not. A fault without
 * must-fail evidence is never named, and is an alternative where symptoms are seen and all that would show their cause is hidden.
 * Pure, and independent of the order of its arguments' items.
 */
export function decode(
  outcomes: readonly CheckOutcome[],
  codebook: readonly Fault[],
  options: { readonly maxFaults: number } = { maxFaults: 2 },
): Verdict {
  const evidence = gatherEvidence(outcomes);
  const ordered = [...codebook].sort((a, b) => (a.code < b.code ? -1 : 1));
  const candidates = findCandidates(ordered, evidence);
  const tied = bestExplanations(findExplanations(candidates, evidence.failures.length, options.maxFaults));
  const [best, ...others] = tied;
  if (best === undefined) return { causes: [], undecided: undefined, unexplained: [] };
  const common = best.members.filter(member => others.every(({ members }) => members.includes(member)));
  const causes = common.filter(({ supported }) => supported);
  const undecided = undecidedBetween(tied, common);
  const explained = new Set([
    ...causes.flatMap(({ explains }) => [...explains]),
    ...(undecided?.alternatives.flat() ?? []).flatMap(({ explains }) => explains),
  ]);
  return { causes: causes.map(found), undecided, unexplained: leftOver(evidence, candidates, explained) };
}

/** The best explanation first, then those that the evidence cannot tell from it; those that it says nothing for come last. */
function bestExplanations(explanations: readonly Explanation[]): Explanation[] {
  const [best, ...others] = [...explanations].sort(compareExplanations);
  if (best === undefined) return [];
  const rivals = others.filter(other => isRival(best, other));
  return [best, ...rivals.sort((a, b) => Number(isSupported(b)) - Number(isSupported(a)))];
}

/**
 * Whether what was not seen, or nothing at all, tells another explanation from the best one. Being smaller counts only
 * for what was seen: a larger set whose evidence is complete rivals a smaller one that rests on hidden evidence, and one with some
 * evidence for each member rivals one without.
 */
function isRival(best: Explanation, other: Explanation): boolean {
  if (best.unexplained !== other.unexplained) return false;
  if (best.members.length < other.members.length) {
    const outweighs = isSeen(other) || (isSupported(other) && !isSupported(best));
    return !isSeen(best) && outweighs && isMinimal(other);
  }
  return compareExplanations(best, other) === 0 || hiddenSeparators(best, other).length > 0;
}

function undecidedBetween(tied: readonly Explanation[], common: readonly Candidate[]): Undecided | undefined {
  const [best] = tied;
  const alternatives = tied.map(({ members }) => members.filter(member => !common.includes(member)));
  if (best === undefined || tied.length < 2) return undefined;
  const separators = tied.flatMap(other => hiddenSeparators(best, other));
  return {
    alternatives: alternatives.map(members => members.map(found)),
    separatedBy: [...new Set(separators.map(namePattern))].sort(),
  };
}

function leftOver(
  { failures }: Evidence,
  candidates: readonly Candidate[],
  explained: ReadonlySet<string>,
): UnexplainedFailure[] {
  return failures
    .filter(({ id }) => !explained.has(id))
    .map(outcome => ({
      outcome,
      couldBe: candidates
        .filter(({ explains }) => explains.has(outcome.id))
        .map(({ fault, hidden }) => ({ fault, shownBy: hidden.map(namePattern) })),
    }));
}

function found({ fault, subjects, explains, hidden }: Candidate): FoundFault {
  const certain = fault.grade === 'direct' && hidden.length === 0;
  return { fault, subjects, explains: [...explains].sort(), confidence: certain ? 'certain' : 'likely' };
}

/** A pattern that was bound to no subject reads as its check. */
function namePattern(pattern: string): string {
  return pattern.endsWith('@') ? pattern.slice(0, -1) : pattern;
}
