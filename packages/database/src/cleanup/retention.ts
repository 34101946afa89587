const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const DAY_MS = 86_400_000;
/** Longer than any record has to be kept, short enough for PostgreSQL's arithmetic. */
const MAX_MS = 36_500 * DAY_MS;

/**
 * A retention in milliseconds: `14d`, `336h`, `2w`, or several parts as Go writes them, `1h30m`, `336h0m0s`.
 * Undefined when it is none of these, or longer than a hundred years.
 */
export function parseRetention(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|[smhdw]))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g)) {
    total += Number(amount) * (UNITS[unit ?? ''] ?? Number.NaN);
  }
  return total <= MAX_MS ? Math.round(total) : undefined;
}
