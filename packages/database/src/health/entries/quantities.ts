const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;
const KIB = 1_024;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** As `pg_size_pretty` writes it, with one more digit: `12.3 GB`. */
export function bytesText(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (Math.abs(value) >= KIB && unit < UNITS.length - 1) {
    value /= KIB;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

/** `3.2 days`, `5 h`, `40 s`: as exact as an operator needs it. */
export function ageText(ms: number): string {
  if (ms >= 48 * HOUR_MS) return `${(ms / (24 * HOUR_MS)).toFixed(1)} days`;
  if (ms >= HOUR_MS) return `${(ms / HOUR_MS).toFixed(1)} h`;
  if (ms >= MINUTE_MS) return `${Math.round(ms / MINUTE_MS)} min`;
  return `${Math.round(ms / 1_000)} s`;
}
