import { createHistogram, type Histogram } from './histogram.ts';

/** What must never happen; each kind has a count that has to stay zero. */
export type ViolationKind =
  | 'unexpectedLogouts'
  | 'revokedSessionsThatWorked'
  | 'serverErrorsOtherThan503'
  | 'otherUnexpectedAnswers'
  | 'replicasThatDied'
  | 'failuresOfTheHarness';

export interface Violation {
  readonly kind: ViolationKind;
  /** Seconds after the start. */
  readonly at: number;
  readonly what: string;
}

/** Everything a run counts. Bounded: examples beyond the first ones are only counted. */
export interface Tally {
  readonly refreshes: Histogram;
  readonly calls: Histogram;
  readonly violations: Violation[];
  violate(kind: ViolationKind, what: string): void;
  violationCount(kind: ViolationKind): number;
  count(what: string, by?: number): void;
  counts(): Readonly<Record<string, number>>;
  /** How long somebody waited for something. */
  waited(ms: number, forWhat: string): void;
  longestStall(): { readonly ms: number; readonly forWhat: string; readonly at: number };
  /** Seconds since the start. */
  elapsed(): number;
}

const EXAMPLES = 50;

export function createTally(startedAt: number): Tally {
  const counts = new Map<string, number>();
  const violationCounts = new Map<ViolationKind, number>();
  const violations: Violation[] = [];
  let stall = { ms: 0, forWhat: 'nothing', at: 0 };
  const elapsed = (): number => Math.round((performance.now() - startedAt) / 100) / 10;
  return {
    refreshes: createHistogram(),
    calls: createHistogram(),
    violations,
    violate: (kind, what) => {
      violationCounts.set(kind, (violationCounts.get(kind) ?? 0) + 1);
      if (violations.length < EXAMPLES) violations.push({ kind, at: elapsed(), what });
    },
    violationCount: kind => violationCounts.get(kind) ?? 0,
    count: (what, by = 1) => void counts.set(what, (counts.get(what) ?? 0) + by),
    counts: () => Object.fromEntries([...counts].toSorted(([a], [b]) => a.localeCompare(b))),
    waited: (ms, forWhat) => {
      if (ms > stall.ms) stall = { ms: Math.round(ms), forWhat, at: elapsed() };
    },
    longestStall: () => stall,
    elapsed,
  };
}
