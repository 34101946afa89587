import type { Clock } from '@holdfast/core';

/** Wall-clock time as the database has it, so that replicas whose clocks are off agree on what has expired. */
export interface DatabaseClock extends Pick<Clock, 'now'> {
  /**
   * Takes note of the database's time. `sentAt` and `receivedAt` are monotonic times around the question; an answer that
   * took longer than the best one known is less exact and only used when that one has grown old.
   */
  observe(databaseNow: number, sentAt: number, receivedAt: number): void;
}

/** How long an observation is preferred over later, less exact ones. */
const FRESH_MS = 60_000;

/**
 * Follows the database's clock on the monotonic clock, so that neither a wrong local time nor a jump of it matters.
 * Before the first observation it is the local clock.
 */
export function createDatabaseClock(clock: Clock): DatabaseClock {
  let best: { readonly base: number; readonly roundTrip: number; readonly at: number } | undefined;
  return {
    now: () => (best === undefined ? clock.now() : best.base + clock.monotonic()),
    observe: (databaseNow, sentAt, receivedAt) => {
      const roundTrip = receivedAt - sentAt;
      if (best !== undefined && roundTrip > best.roundTrip && receivedAt - best.at < FRESH_MS) return;
      best = { base: databaseNow - (sentAt + roundTrip / 2), roundTrip, at: receivedAt };
    },
  };
}
