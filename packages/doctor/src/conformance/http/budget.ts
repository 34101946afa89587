import type { Clock } from '@holdfast/core';

export interface BudgetLimits {
  /** Requests in all. */
  readonly maxRequests: number;
  /** Requests in a second; pauses in between are even. */
  readonly perSecond: number;
  /** Milliseconds in all. */
  readonly maxMs: number;
}

/** What a run may still use. */
export interface Budget {
  /** Waits for its turn. @returns false when nothing is left */
  take(): Promise<boolean>;
  /** Nothing is sent for so long, because the server asked for it. @returns false when that is longer than what is left */
  pause(milliseconds: number): boolean;
  readonly used: number;
  /** Why nothing is left; undefined while something is. */
  readonly spent: string | undefined;
}

export function createBudget(limits: BudgetLimits, clock: Clock, signal?: AbortSignal): Budget {
  const end = clock.monotonic() + limits.maxMs;
  const gap = 1_000 / limits.perSecond;
  let used = 0;
  let next = clock.monotonic();
  let spent: string | undefined;
  return {
    take: async () => {
      if (spent === undefined && used >= limits.maxRequests)
        spent = `the ${limits.maxRequests} requests were used up`;
      if (spent === undefined && Math.max(next, clock.monotonic()) >= end) spent = 'the time was used up';
      if (spent !== undefined) return false;
      used += 1;
      const wait = next - clock.monotonic();
      next = Math.max(next, clock.monotonic()) + gap;
      if (wait > 0) await clock.sleep(wait, signal);
      return true;
    },
    pause: milliseconds => {
      next = Math.max(next, clock.monotonic() + milliseconds);
      return next < end;
    },
    get used() {
      return used;
    },
    get spent() {
      return spent;
    },
  };
}
