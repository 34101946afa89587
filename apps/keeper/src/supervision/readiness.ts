import type { Clock } from '@holdfast/core';
import type { Upstream } from './upstream.ts';

export interface ReadinessOptions {
  /** Which server to ask, and where to note what it says. */
  readonly upstream: Upstream;
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 2_000;
/** A server that is not ready is about to be: asked more often, it is shown in time. */
const IMPATIENT_MS = 200;

/** Asks the server again and again whether it is ready, until the signal is aborted. A server that is not may still live. */
export async function watchReadiness(options: ReadinessOptions): Promise<void> {
  const { upstream, intervalMs, clock, signal } = options;
  while (!signal.aborted) {
    const { url } = upstream;
    upstream.noteReadiness(url === undefined ? undefined : await askReady(url));
    const waitMs = upstream.ready === true ? intervalMs : Math.min(intervalMs, IMPATIENT_MS);
    await clock.sleep(waitMs, signal).catch(() => undefined);
  }
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
