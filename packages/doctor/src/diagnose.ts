import type { Diagnosis, RootCause, UndecidedCauses, Unexplained } from './diagnosis.ts';
import {
  type CheckOutcome,
  decode,
  type Fault,
  type FaultContext,
  type FoundFault,
  type Verdict,
} from './engine/index.ts';

/** The reasoned part of a diagnosis. */
export type Findings = Pick<
  Diagnosis,
  'status' | 'rootCauses' | 'undecided' | 'unexplained' | 'degraded' | 'notExamined'
>;

/**
 * From check outcomes to causes. Two faults at once are looked for; three only when two leave failures without
 * explanation and three leave none. Pure.
 */
export function diagnose(outcomes: readonly CheckOutcome[], codebook: readonly Fault[]): Findings {
  const verdict = smallestVerdict(outcomes, codebook);
  const byId = new Map(outcomes.map(outcome => [outcome.id, outcome]));
  const rootCauses = verdict.causes.flatMap(cause => rootCausesOf(cause, byId));
  const undecided = verdict.undecided === undefined ? [] : [undecidedOf(verdict.undecided, byId)];
  const unexplained = verdict.unexplained.map(unexplainedOf);
  const degraded = outcomes
    .filter(({ outcome }) => outcome === 'degraded')
    .map(({ id, layer, title, detail, evidence }) => ({ check: id, layer, title, detail, evidence }));
  const found = rootCauses.length + undecided.length + unexplained.length > 0;
  return {
    status: found ? 'findings' : degraded.length > 0 ? 'degraded' : 'healthy',
    rootCauses,
    undecided,
    unexplained,
    degraded,
    notExamined: outcomes
      .filter(({ outcome }) => outcome === 'blocked' || outcome === 'unknown')
      .map(({ id, detail }) => ({ check: id, why: detail })),
  };
}

function smallestVerdict(outcomes: readonly CheckOutcome[], codebook: readonly Fault[]): Verdict {
  const two = decode(outcomes, codebook);
  if (two.unexplained.length === 0) return two;
  const three = decode(outcomes, codebook, { maxFaults: 3 });
  return three.unexplained.length === 0 ? three : two;
}

type OutcomesById = ReadonlyMap<string, CheckOutcome>;

/** One root cause for each subject; several subjects share what cannot be said to belong to one of them. */
function rootCausesOf(
  { fault, subjects, explains, confidence }: FoundFault,
  byId: OutcomesById,
): RootCause[] {
  return subjects.map(subject => {
    const context = contextOf(subject, byId);
    const general = typeof fault.subject === 'string' ? fault.subject : fault.subject.general;
    const own = explains.filter(id => belongsTo(byId.get(id)?.subject, subject, subjects));
    return {
      code: fault.code,
      layer: fault.layer,
      subject: subject ?? general,
      summary: fault.summary(context),
      mechanism: fault.mechanism(context),
      confidence,
      evidence: [...new Set(own.flatMap(id => byId.get(id)?.evidence ?? []))],
      explains: own,
      repair: fault.repair(context),
    };
  });
}

function belongsTo(
  outcomeSubject: string | undefined,
  subject: string | undefined,
  subjects: readonly (string | undefined)[],
): boolean {
  return outcomeSubject === subject || !subjects.includes(outcomeSubject);
}

function contextOf(subject: string | undefined, byId: OutcomesById): FaultContext {
  const all = [...byId.values()];
  return {
    subject,
    outcomes: check =>
      all
        .filter(outcome => outcome.check === check)
        .sort((a, b) => Number(b.subject === subject) - Number(a.subject === subject)),
  };
}

function undecidedOf(undecided: NonNullable<Verdict['undecided']>, byId: OutcomesById): UndecidedCauses {
  return {
    alternatives: undecided.alternatives.map(members =>
      members.flatMap(member => rootCausesOf(member, byId)),
    ),
    separatedBy: undecided.separatedBy.map(check => ({
      check,
      why: byId.get(check)?.detail ?? 'it does not apply here, or nothing could be seen of it',
    })),
  };
}

function unexplainedOf({ outcome, couldBe }: Verdict['unexplained'][number]): Unexplained {
  const { id, layer, title, detail, evidence } = outcome;
  const guesses = couldBe.map(({ fault, shownBy }) => ({ code: fault.code, shownBy }));
  return { check: id, layer, title, detail, evidence, couldBe: guesses };
}
