import type { Diagnosis, RootCause, UndecidedCauses, Unexplained } from './diagnosis.ts';
import {
  type CheckOutcome,
  decode,
  type Fault,
  type FaultContext,
  type FoundFault,
  type Layer,
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
  const verdict = joinVerdicts(independentParts(outcomes).map(part => smallestVerdict(part, codebook)));
  const byId = new Map(outcomes.map(outcome => [outcome.id, outcome]));
  const rootCauses = verdict.causes
    .flatMap(cause => rootCausesOf(withoutToldSubjects(cause, verdict.causes, byId), byId))
    .toSorted((a, b) => Number(stopsUsers(b, byId)) - Number(stopsUsers(a, byId)));
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
      .map(({ id, detail, outOfTime = false }) => ({ check: id, why: detail, outOfTime })),
  };
}

/** Layers whose failures somebody meets who uses the system; what is found beneath may do no harm yet. */
const MET: readonly Layer[] = ['time', 'process', 'database', 'auth', 'api', 'proxy', 'realtime'];

function stopsUsers({ code, explains }: RootCause, byId: OutcomesById): boolean {
  const layers = explains.flatMap(id => byId.get(id)?.layer ?? []);
  return code !== 'repair_cut_off' && layers.some(layer => MET.includes(layer));
}

/**
 * What the sources of a frontend say has nothing to do with how the system runs, nor one check of them with another, and a repair that
 * was cut off explains nothing but itself: each is decoded by itself, so that their number does not count against the faults of the system.
 */
function independentParts(outcomes: readonly CheckOutcome[]): readonly (readonly CheckOutcome[])[] {
  const isApart = ({ layer, check }: CheckOutcome): boolean =>
    layer === 'frontend' || check === 'repair.finished';
  const system = outcomes.filter(outcome => !isApart(outcome));
  return [system, ...Map.groupBy(outcomes.filter(isApart), ({ check }) => check).values()];
}

function joinVerdicts(verdicts: readonly Verdict[]): Verdict {
  return {
    causes: verdicts.flatMap(({ causes }) => causes),
    undecided: verdicts.find(({ undecided }) => undecided !== undefined)?.undecided,
    unexplained: verdicts.flatMap(({ unexplained }) => unexplained),
  };
}

function smallestVerdict(outcomes: readonly CheckOutcome[], codebook: readonly Fault[]): Verdict {
  const two = decode(outcomes, codebook);
  if (two.unexplained.length === 0) return two;
  const three = decode(outcomes, codebook, { maxFaults: 3 });
  return three.unexplained.length === 0 ? three : two;
}

type OutcomesById = ReadonlyMap<string, CheckOutcome>;

/** Of several subjects those are left whose own failures no fault at one subject explains already. */
function withoutToldSubjects(
  cause: FoundFault,
  causes: readonly FoundFault[],
  byId: OutcomesById,
): FoundFault {
  if (cause.subjects.length < 2) return cause;
  const others = causes.filter(other => other !== cause && other.subjects.length === 1);
  const told = new Set(others.flatMap(({ explains }) => explains));
  const isOwn = (id: string): boolean => cause.subjects.includes(byId.get(id)?.subject);
  const explains = cause.explains.filter(id => !(isOwn(id) && told.has(id)));
  const subjects = cause.subjects.filter(subject => explains.some(id => byId.get(id)?.subject === subject));
  return subjects.length === 0 ? cause : { ...cause, subjects, explains };
}

/** One root cause for each subject; several subjects share what cannot be said to belong to one of them. */
function rootCausesOf(
  { fault, subjects, explains, confidence }: FoundFault,
  byId: OutcomesById,
): RootCause[] {
  // as their check tells them, which may know what comes first
  const told = [...byId.values()].map(outcome => outcome.subject);
  const inOrder = subjects.toSorted((a, b) => told.indexOf(a) - told.indexOf(b));
  return inOrder.map(subject => {
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
      why: whyHidden(check, byId),
    })),
  };
}

/** A check about one subject could not be made for the reason that the check as a whole could not. */
function whyHidden(id: string, byId: OutcomesById): string {
  const outcome = byId.get(id) ?? byId.get(id.replace(/@.*$/, ''));
  return outcome?.detail ?? 'it does not apply here, or nothing could be seen of it';
}

function unexplainedOf({ outcome, couldBe }: Verdict['unexplained'][number]): Unexplained {
  const { id, layer, title, detail, evidence } = outcome;
  const guesses = couldBe.map(({ fault, shownBy }) => ({ code: fault.code, shownBy }));
  return { check: id, layer, title, detail, evidence, couldBe: guesses };
}
