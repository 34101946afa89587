import { bindPattern, type Evidence, matches, sightOf } from './evidence.ts';
import type { Fault } from './fault.ts';

/**
 * A fault that may be there: nothing it must fail has passed, and it explains at least one failure. One candidate
 * stands for every subject whose must-fail evidence was seen in full, or but for the same checks, because those do not
 * compete with each other.
 */
export interface Candidate {
  readonly fault: Fault;
  /** Undefined for a fault whose subject could not be seen. */
  readonly subjects: readonly (string | undefined)[];
  /** Ids of the failures it explains. */
  readonly explains: ReadonlySet<string>;
  /** Ids of failures of checks that it needs to pass. */
  readonly violates: ReadonlySet<string>;
  /** Ids of passes it predicted to fail. */
  readonly absent: ReadonlySet<string>;
  /** Whether some of its must-fail evidence was seen; without it the fault is never named. */
  readonly supported: boolean;
  /** Bound must-fail patterns about which nothing was seen. */
  readonly hidden: readonly string[];
  /** Everything it predicts may fail, as bound patterns. */
  readonly predicts: readonly string[];
}

/** The candidates among the faults of a codebook, in the codebook's order. */
export function findCandidates(codebook: readonly Fault[], evidence: Evidence): Candidate[] {
  return codebook.flatMap(fault => {
    const instances = subjectsOf(fault, evidence).flatMap(subject => admit(fault, subject, evidence) ?? []);
    // of those that lack the same evidence, all are there or none is
    const alike = Map.groupBy(instances, ({ hidden, supported }) => (supported ? hidden.join() : undefined));
    return [...alike].flatMap(([lacking, [first, ...others]]) => {
      if (first === undefined) return [];
      return lacking === undefined ? [first, ...others] : [merge(first, others)];
    });
  });
}

function subjectsOf({ subject }: Fault, { failures }: Evidence): readonly (string | undefined)[] {
  if (typeof subject === 'string') return [subject];
  const failing = failures.flatMap(outcome =>
    outcome.check === subject.of && outcome.subject !== undefined ? [outcome.subject] : [],
  );
  return failing.length > 0 ? failing : [undefined];
}

function admit(fault: Fault, subject: string | undefined, evidence: Evidence): Candidate | undefined {
  const bind = (pattern: string) => bindPattern(pattern, subject);
  const mustFail = fault.mustFail.map(bind);
  const predicts = [...mustFail, ...fault.mayFail.map(bind)];
  const sights = mustFail.map(pattern => sightOf(pattern, evidence));
  const explains = matched(predicts, evidence.failures);
  if (sights.includes('pass') || explains.size === 0) return undefined;
  return {
    fault,
    subjects: [subject],
    explains,
    violates: matched(fault.mustPass.map(bind), evidence.failures),
    absent: matched(predicts, evidence.passes),
    supported: sights.includes('fail'),
    hidden: mustFail.filter((_, index) => sights[index] === 'hidden'),
    predicts,
  };
}

function matched(patterns: readonly string[], outcomes: Evidence['failures']): Set<string> {
  const hits = outcomes.filter(outcome => patterns.some(pattern => matches(pattern, outcome)));
  return new Set(hits.map(({ id }) => id));
}

function merge(first: Candidate, others: readonly Candidate[]): Candidate {
  const all = [first, ...others];
  return {
    ...first,
    subjects: all.flatMap(({ subjects }) => subjects),
    explains: new Set(all.flatMap(({ explains }) => [...explains])),
    violates: new Set(all.flatMap(({ violates }) => [...violates])),
    absent: new Set(all.flatMap(({ absent }) => [...absent])),
    predicts: all.flatMap(({ predicts }) => predicts),
  };
}
