import type { HealthContext } from '../../entry.ts';
import { secondsText } from '../../quantity.ts';

/** How much counters have grown, and over which time. */
export interface Growth {
  readonly counts: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** For people: `in the last 6 h`, `since statistics began 20 d ago`. */
  readonly period: string;
}

const DAY_SECONDS = 86_400;
const HOUR_MS = 3_600_000;

/**
 * The growth since the oldest sample of the last day, or since statistics began when no sample fits: there is none, or the
 * counters were reset after it.
 */
export function growthOf(
  { samples = [], clock }: HealthContext,
  entry: string,
  now: Readonly<Record<string, number>>,
  sinceSeconds: number | null,
): Growth {
  const earliest = clock.now() - 24 * HOUR_MS;
  const sample = samples.find(
    ({ at, metrics }) => Date.parse(at) >= earliest && metrics[entry] !== undefined,
  );
  const before = sample?.metrics[entry];
  const seconds = sample === undefined ? 0 : (clock.now() - Date.parse(sample.at)) / 1_000;
  const counts = Object.fromEntries(
    Object.entries(now).map(([name, value]) => [name, value - (before?.[name] ?? value + 1)]),
  );
  if (seconds > 0 && Object.values(counts).every(count => count >= 0)) {
    return { counts, seconds, period: `in the last ${secondsText(seconds)}` };
  }
  const period =
    sinceSeconds === null
      ? 'since statistics began'
      : `since statistics began ${secondsText(sinceSeconds)} ago`;
  return { counts: now, seconds: sinceSeconds ?? 0, period };
}

/** Per day; what was counted in less than a day is not extrapolated. */
export function perDay(count: number, seconds: number): number {
  return count / Math.max(1, seconds / DAY_SECONDS);
}
