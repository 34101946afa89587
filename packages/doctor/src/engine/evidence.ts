import type { CheckOutcome } from './check.ts';
import type { CheckPattern } from './fault.ts';

/** The outcomes that count: passes and failures, in the order of their ids. */
export interface Evidence {
  readonly passes: readonly CheckOutcome[];
  readonly failures: readonly CheckOutcome[];
}

/** Keeps what is evidence and forgets blocked, unknown and degraded outcomes altogether. */
export function gatherEvidence(outcomes: readonly CheckOutcome[]): Evidence {
  const ordered = [...outcomes].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  return {
    passes: ordered.filter(({ outcome }) => outcome === 'pass'),
    failures: ordered.filter(({ outcome }) => outcome === 'fail'),
  };
}

/** Binds `$` to the subject of a fault. Bound to no subject, a pattern matches only what speaks for every subject. */
export function bindPattern(pattern: CheckPattern, subject: string | undefined): string {
  return pattern.endsWith('@$') ? pattern.slice(0, -1) + (subject ?? '') : pattern;
}

/** Whether an outcome is among those that a bound pattern speaks about. */
export function matches(pattern: string, outcome: CheckOutcome): boolean {
  if (pattern === outcome.id || pattern === outcome.check) return true;
  return outcome.subject === undefined && pattern.startsWith(`${outcome.check}@`);
}

/** Whether every outcome of the narrow pattern is also one of the wide pattern. */
export function covers(wide: string, narrow: string): boolean {
  return wide === narrow || narrow.startsWith(`${wide}@`);
}

export type Sight = 'fail' | 'pass' | 'hidden';

/** What was seen of a bound pattern: one failure is enough for fail; without pass or failure it is hidden. */
export function sightOf(pattern: string, evidence: Evidence): Sight {
  if (evidence.failures.some(outcome => matches(pattern, outcome))) return 'fail';
  return evidence.passes.some(outcome => matches(pattern, outcome)) ? 'pass' : 'hidden';
}
