import type { RootCause } from '../diagnosis.ts';
import { bindPattern } from '../engine/evidence.ts';
import type { CheckOutcome } from '../engine/index.ts';
import { CODEBOOK } from '../faults/index.ts';
import type { CheckState } from '../report/deliverables/repair-record.ts';

/** The failed checks that show the broken state itself; symptoms elsewhere can have other reasons as well. */
export function proofOf({ code, subject, explains }: RootCause): readonly string[] {
  const fault = CODEBOOK.find(candidate => candidate.code === code);
  const patterns = (fault?.mustFail ?? []).map(pattern => bindPattern(pattern, subject));
  const direct = explains.filter(id =>
    patterns.some(pattern => id === pattern || id.startsWith(`${pattern}@`)),
  );
  return direct.length > 0 ? direct : explains;
}

/**
 * Whether what failed still fails. A check that names other subjects now, or none, has looked; one that could not look proves nothing
 * either way.
 */
export function judgeProof(
  proof: readonly string[],
  checks: readonly CheckOutcome[],
): 'passes' | 'fails' | 'unseen' {
  const outcomes = proof.map(id => stateOf(id, checks).outcome);
  if (outcomes.includes('fail')) return 'fails';
  return outcomes.every(outcome => outcome === 'pass' || outcome === 'degraded') ? 'passes' : 'unseen';
}

/** What each of the checks says now. */
export function statesOf(ids: readonly string[], checks: readonly CheckOutcome[]): readonly CheckState[] {
  return ids.map(id => stateOf(id, checks));
}

function stateOf(id: string, checks: readonly CheckOutcome[]): CheckState {
  const same = checks.find(outcome => outcome.id === id);
  if (same !== undefined) return { check: id, outcome: same.outcome, detail: same.detail };
  const name = id.split('@')[0];
  const others = checks.filter(({ check }) => check === name);
  const general = others.find(({ subject }) => subject === undefined);
  if (general !== undefined) return { check: id, outcome: general.outcome, detail: general.detail };
  if (others.length > 0) return { check: id, outcome: 'pass', detail: 'not among those that fail' };
  return { check: id, outcome: 'unknown', detail: 'not looked at' };
}
