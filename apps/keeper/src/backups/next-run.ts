/** The first one of a new system is not made while that is still starting. */
const FIRST_MS = 10 * 60_000;
const RETRY_MS = 15 * 60_000;
const MAKE_UP_MS = 10 * 60_000;

export interface RunTiming {
  readonly intervalMs: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The last attempt, and the last one that went well; undefined for none. */
  readonly lastAt: number | undefined;
  readonly lastGoodAt: number | undefined;
  /** In [0, 1), so that not all keepers begin at once. */
  readonly random: number;
}

/** When to run next: an interval after the last good run; a while after a failed one; soon when that has passed. */
export function nextRun({ intervalMs, now, lastAt, lastGoodAt, random }: RunTiming): number {
  // a clock that was set back makes no difference
  const good = lastGoodAt === undefined ? undefined : Math.min(lastGoodAt, now);
  const failed = lastAt !== undefined && (lastGoodAt === undefined || lastAt > lastGoodAt);
  if (failed) return now + Math.min(RETRY_MS, intervalMs) * (0.5 + random);
  if (good === undefined) return now + Math.min(FIRST_MS, intervalMs) * (0.5 + random / 2);
  const due = good + intervalMs;
  return due > now ? due : now + Math.min(MAKE_UP_MS, intervalMs) * random;
}
