import type { Tally, Violation, ViolationKind } from './tally.ts';

/** What must be zero, in the order of printing, with its name. */
export const ZEROES: Readonly<Record<ViolationKind, string>> = {
  unexpectedLogouts: 'unexpected logouts',
  revokedSessionsThatWorked: 'revoked sessions that worked',
  serverErrorsOtherThan503: '5xx other than 503',
  otherUnexpectedAnswers: 'other unexpected answers',
  replicasThatDied: 'replicas that died by themselves',
  failuresOfTheHarness: 'failures of the harness itself',
};

interface Percentiles {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface Verdict {
  readonly passed: boolean;
  readonly minutes: number;
  readonly clients: number;
  readonly seed: number;
  /** False when faketime was not there to skew a clock. */
  readonly skewed: boolean;
  readonly violations: Readonly<Record<ViolationKind, number>>;
  readonly examples: readonly Violation[];
  readonly longestStall: { readonly ms: number; readonly forWhat: string; readonly at: number };
  /** Answered refreshes, in milliseconds, each attempt by itself. */
  readonly refresh: Percentiles;
  readonly otherCalls: Percentiles;
  readonly counts: Readonly<Record<string, number>>;
}

export function summarize(
  tally: Tally,
  { minutes, clients, seed, skewed }: Pick<Verdict, 'minutes' | 'clients' | 'seed' | 'skewed'>,
): Verdict {
  const kinds = Object.keys(ZEROES) as ViolationKind[];
  const violations = Object.fromEntries(kinds.map(kind => [kind, tally.violationCount(kind)]));
  const percentiles = (of: Tally['refreshes']): Percentiles => {
    const [p50 = 0, p95 = 0, p99 = 0] = [0.5, 0.95, 0.99].map(p => Math.round(of.percentile(p) * 10) / 10);
    return { count: of.count(), p50, p95, p99 };
  };
  return {
    passed: kinds.every(kind => tally.violationCount(kind) === 0),
    minutes,
    clients,
    seed,
    skewed,
    violations: violations as Record<ViolationKind, number>,
    examples: tally.violations,
    longestStall: tally.longestStall(),
    refresh: percentiles(tally.refreshes),
    otherCalls: percentiles(tally.calls),
    counts: tally.counts(),
  };
}

export function renderVerdict(verdict: Verdict): string {
  const { refresh, otherCalls, longestStall } = verdict;
  const line = (name: string, value: number | string): string =>
    `${name.padEnd(56)} ${String(value).padStart(9)}`;
  const times = (name: string, { count, p50, p95, p99 }: Percentiles): string =>
    `${name}: ${count} answered; p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms`;
  return [
    `${verdict.passed ? 'PASSED' : 'FAILED'}: ${verdict.minutes} minutes, ${verdict.clients} clients, seed ${verdict.seed}${verdict.skewed ? '' : ', no clock skewed (no faketime)'}`,
    '',
    ...Object.entries(ZEROES).map(([kind, name]) => line(name, verdict.violations[kind as ViolationKind])),
    '',
    times('refresh', refresh),
    times('other calls', otherCalls),
    `longest stall: ${(longestStall.ms / 1_000).toFixed(1)} s for ${longestStall.forWhat}, ${longestStall.at} s into the run`,
    '',
    ...Object.entries(verdict.counts).map(([name, count]) => line(name, count)),
    ...(verdict.examples.length === 0 ? [] : ['', 'What went wrong:']),
    ...verdict.examples.map(({ at, kind, what }) => `  ${at} s  ${ZEROES[kind]}: ${what}`),
  ].join('\n');
}
