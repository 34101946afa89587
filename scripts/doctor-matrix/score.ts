import type { CheckOutcome, Diagnosis, Fault, RootCause } from '@holdfast/doctor';
import { firstFailingLayer, mostFailures } from './baselines.ts';
import type { Expected } from './system.ts';

export interface Score {
  /** The first cause that is named is the one. */
  readonly top1: boolean;
  readonly top3: boolean;
  /** It alone is named, nothing is open, nothing is left unexplained. */
  readonly exact: boolean;
  /** What it is said to explain is broken by it: its subject is the broken one, and all of that was well before and is well after. */
  readonly grounded: boolean;
  /** What is reported beside it, as `code subject` or as the check that nothing explains. */
  readonly falseReports: readonly string[];
  readonly milliseconds: number;
  readonly firstLayer: boolean;
  readonly mostFailures: boolean;
}

/** What is named, the most certain first: the causes, then the members of what could not be decided. */
export function rankingOf({ rootCauses, undecided }: Diagnosis): RootCause[] {
  return [...rootCauses, ...undecided.flatMap(({ alternatives }) => alternatives.flat())];
}

export const isNamed = (cause: Pick<RootCause, 'code' | 'layer' | 'subject'>, expected: Expected): boolean =>
  cause.code === expected.code && cause.layer === expected.layer && cause.subject === expected.subject;

/** One for each subject. */
export function eachSubject({ also = [], ...expected }: Expected): Expected[] {
  return [expected, ...also.map(subject => ({ ...expected, subject }))];
}

export const labelOf = ({ code, subject }: Pick<Expected, 'code' | 'subject'>): string =>
  `${code} ${subject}`;

/** Compares a diagnosis with what was done; `well` is the diagnosis of the same system without it. */
export function score(
  diagnosis: Diagnosis,
  expected: Expected,
  well: Diagnosis,
  codebook: readonly Fault[],
): Score {
  const ranking = rankingOf(diagnosis);
  const all = eachSubject(expected);
  const place = ranking.findIndex(cause => all.some(one => isNamed(cause, one)));
  const named = ranking[place];
  const labels = all.map(labelOf);
  const falseReports = reportsOf(diagnosis).filter(report => !labels.includes(report));
  return {
    top1: place === 0,
    top3: place >= 0 && place < 3,
    exact: place === 0 && isExact(diagnosis, [expected]),
    grounded: named !== undefined && isGrounded(named, { diagnosis, well, codebook }),
    falseReports: [...new Set(falseReports)],
    milliseconds: diagnosis.timings.durationMs,
    firstLayer: saidBy(firstFailingLayer(diagnosis.checks, codebook), expected),
    mostFailures: saidBy(mostFailures(diagnosis.checks, codebook), expected),
  };
}

function saidBy(said: Pick<Expected, 'code' | 'subject'> | undefined, expected: Expected): boolean {
  return said !== undefined && eachSubject(expected).map(labelOf).includes(labelOf(said));
}

/** Whether exactly these faults are named, and nothing else is said to be wrong. */
export function isExact(
  { rootCauses, undecided, unexplained }: Diagnosis,
  expected: readonly Expected[],
): boolean {
  const wanted = expected.flatMap(eachSubject);
  const all = wanted.every(fault => rootCauses.some(cause => isNamed(cause, fault)));
  return all && rootCauses.length === wanted.length && undecided.length === 0 && unexplained.length === 0;
}

/** Everything a diagnosis reports, as `code subject`, or as the check for what it cannot explain. */
export function reportsOf(diagnosis: Diagnosis): string[] {
  return [
    ...rankingOf(diagnosis).map(labelOf),
    ...diagnosis.unexplained.map(({ check }) => `unexplained ${check}`),
  ];
}

interface Ground {
  readonly diagnosis: Diagnosis;
  readonly well: Diagnosis;
  readonly codebook: readonly Fault[];
}

function isGrounded(cause: RootCause, { diagnosis, well, codebook }: Ground): boolean {
  const failed = new Map(
    diagnosis.checks.filter(({ outcome }) => outcome === 'fail').map(check => [check.id, check]),
  );
  const stillFailing = new Set(well.checks.filter(({ outcome }) => outcome === 'fail').map(({ id }) => id));
  const seen = new Set(diagnosis.observations.flatMap(item => ('saw' in item ? [item.id] : [])));
  const explained = cause.explains.map(id => failed.get(id));
  return (
    explained.length > 0 &&
    explained.every(check => check !== undefined && !stillFailing.has(check.id)) &&
    explained.every(check => check === undefined || hasItsSubject(check, cause, codebook)) &&
    cause.evidence.length > 0 &&
    cause.evidence.every(id => seen.has(id))
  );
}

/** Of the check that names the subject of the fault, only the outcome about that subject belongs to it. */
function hasItsSubject(
  { check, subject }: CheckOutcome,
  cause: RootCause,
  codebook: readonly Fault[],
): boolean {
  const fault = codebook.find(({ code }) => code === cause.code);
  if (fault === undefined || typeof fault.subject === 'string' || fault.subject.of !== check) return true;
  return subject === undefined || subject === cause.subject;
}

/** How a diagnosis that could not see everything did. */
export type HiddenVerdict = 'named' | 'cannot tell' | 'unexplained' | 'silent' | 'wrong';

/** Whether what was hidden has led to a wrong name. A cause whose subject could not be seen counts as named. */
export function judgeHidden(diagnosis: Diagnosis, { code }: Expected): HiddenVerdict {
  const { rootCauses, undecided, unexplained } = diagnosis;
  if (rootCauses.some(cause => cause.code !== code)) return 'wrong';
  const open = undecided.map(({ alternatives }) => alternatives.flat().map(cause => cause.code));
  if (open.some(codes => !codes.includes(code))) return 'wrong';
  if (open.length > 0) return 'cannot tell';
  if (rootCauses.length > 0) return 'named';
  return unexplained.length > 0 ? 'unexplained' : 'silent';
}
