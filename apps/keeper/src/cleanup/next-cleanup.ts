const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A run that was missed is made up for within this time. */
const CATCH_UP_MS = 10 * 60_000;
/** After a failure. */
const RETRY_MS = 15 * 60_000;

export interface CleanupTiming {
  /** The hour of the day in UTC, 0 to 23. */
  readonly hour: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** When the last run ended, and whether it has to be repeated; undefined when none is known. */
  readonly last: { readonly at: number; readonly failed: boolean } | undefined;
  /** In [0, 1): where in the time allowed, so that not all keepers begin at once. */
  readonly random: number;
}

/**
 * When the next cleanup is due, in milliseconds since the epoch: some time within its hour on the first day after the last
 * run; soon, when that has passed because nothing ran then; a while later, when the last one failed.
 */
export function nextCleanup({ hour, now, last, random }: CleanupTiming): number {
  if (last?.failed === true) return now + RETRY_MS * (0.5 + random);
  // a run of today's hour is not repeated within the same hour; a clock that was set back makes no difference
  const after = last === undefined ? now : Math.min(last.at, now);
  const today = Math.floor(after / DAY_MS) * DAY_MS + hour * HOUR_MS;
  const begin = today > after ? today : today + DAY_MS;
  return begin + HOUR_MS <= now ? now + CATCH_UP_MS * random : begin + HOUR_MS * random;
}
