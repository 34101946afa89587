import type { Clock } from '@holdfast/core';

export interface ReadinessOptions {
  /** Where the server is; undefined while it is not known. */
  readonly url: () => string | undefined;
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface ReadinessWatch {
  /** Whether the server wants requests; undefined when it could not be asked. */
  readonly current: boolean | undefined;
  readonly done: Promise<void>;
}

const TIMEOUT_MS = 2_000;

/** Asks the server again and again whether it is ready, until the signal is aborted. A server that is not may still live. */
export function watchReadiness({ url, intervalMs, clock, signal }: ReadinessOptions): ReadinessWatch {
  let current: boolean | undefined;
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      const at = url();
      current = at === undefined ? undefined : await askReady(at);
      await clock.sleep(intervalMs, signal).catch(() => undefined);
    }
  };
  return {
    get current() {
      return current;
    },
    done: run(),
  };
}

/** Whether the server at `url` is ready; undefined when it does not answer. */
export async function askReady(url: string): Promise<boolean | undefined> {
  try {
    const response = await fetch(new URL('/ready', url), { signal: AbortSignal.timeout(TIMEOUT_MS) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return undefined;
  }
}
