import type { Clock } from '@holdfast/core';

/** How often a part is asked whether it lives, and when silence counts as hanging. Times in milliseconds. */
export interface LivenessOptions {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly hangAfterMs: number;
}

export const DEFAULT_LIVENESS: LivenessOptions = { intervalMs: 1_000, timeoutMs: 2_000, hangAfterMs: 10_000 };

const MIN_FAILURES = 3;

export interface WatchOptions extends LivenessOptions {
  readonly clock: Clock;
  /** Resolves when the part answered; rejects when it did not. */
  readonly probe: (signal: AbortSignal) => Promise<void>;
  readonly onAnswer: () => void;
}

/**
 * Resolves with the reason when a part has not answered for `hangAfterMs`, rejects when `signal` is aborted.
 * Several probes in a row must have failed: if this process itself was stopped for a while, that is not held against the part.
 */
export async function untilHanging(options: WatchOptions, signal: AbortSignal): Promise<string> {
  const { clock, intervalMs, hangAfterMs } = options;
  let silentSince = clock.monotonic();
  let failures = 0;
  for (;;) {
    await clock.sleep(intervalMs, signal);
    if (await answers(options, signal)) {
      silentSince = clock.monotonic();
      failures = 0;
      options.onAnswer();
      continue;
    }
    failures += 1;
    const silentMs = clock.monotonic() - silentSince;
    if (silentMs >= hangAfterMs && failures >= MIN_FAILURES) {
      return `did not answer its liveness probe for ${Math.round(silentMs / 1_000)} s`;
    }
  }
}

async function answers({ probe, timeoutMs }: WatchOptions, signal: AbortSignal): Promise<boolean> {
  try {
    await probe(AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]));
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}
