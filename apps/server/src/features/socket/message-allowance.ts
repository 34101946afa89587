import type { Clock } from '@holdfast/core';

/** Lets `burst` messages through at once and `perSecond` of them in the long run. */
export function createAllowance(
  clock: Pick<Clock, 'monotonic'>,
  { burst, perSecond }: { readonly burst: number; readonly perSecond: number },
): () => boolean {
  let left = burst;
  let at = clock.monotonic();
  return () => {
    const now = clock.monotonic();
    left = Math.min(burst, left + ((now - at) / 1_000) * perSecond);
    at = now;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
}
