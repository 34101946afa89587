import type { Clock } from '@holdfast/core';

/** Counts failures per key in fixed windows. Bounded in memory. */
export interface FailureLimit {
  /** Counts a failure; returns how long to wait in milliseconds when there were too many. */
  fail(key: string): number | undefined;
}

export interface FailureLimitOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly max: number;
  readonly windowMs: number;
}

const MAX_KEYS = 10_000;

export function createFailureLimit({ clock, max, windowMs }: FailureLimitOptions): FailureLimit {
  const windows = new Map<string, { readonly endsAt: number; readonly count: number }>();
  return {
    fail: key => {
      const now = clock.monotonic();
      const known = windows.get(key);
      const window = known !== undefined && known.endsAt > now ? known : { endsAt: now + windowMs, count: 0 };
      windows.delete(key);
      windows.set(key, { endsAt: window.endsAt, count: window.count + 1 });
      if (windows.size > MAX_KEYS) windows.delete(windows.keys().next().value ?? key);
      return window.count + 1 > max ? window.endsAt - now : undefined;
    },
  };
}
