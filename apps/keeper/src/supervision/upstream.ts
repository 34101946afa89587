import type { Clock } from '@holdfast/core';

/** Where the API server is and when it last gave a sign of life: what the proxy and the status need to know. */
export interface Upstream {
  /** The base URL; undefined while no server is known. */
  readonly url: string | undefined;
  /** Whether the server answered a liveness probe after this monotonic time. */
  answeredSince(time: number): boolean;
  /** Monotonic time of the last answer; undefined before the first. */
  readonly lastAnswer: number | undefined;
  /** Whether the server that is there now wants requests; undefined while it has not been asked, or did not answer. */
  readonly ready: boolean | undefined;
  /** To be called for each new server, also at the same address: what was known of the one before is forgotten. */
  locate(url: string | undefined): void;
  noteAnswer(): void;
  noteReadiness(ready: boolean | undefined): void;
}

export function createUpstream(clock: Pick<Clock, 'monotonic'>, url?: string): Upstream {
  let current = url;
  let lastAnswer: number | undefined;
  let ready: boolean | undefined;
  return {
    get url() {
      return current;
    },
    get lastAnswer() {
      return lastAnswer;
    },
    answeredSince: time => lastAnswer !== undefined && lastAnswer >= time,
    get ready() {
      return ready;
    },
    locate: located => {
      current = located;
      ready = undefined;
      if (located === undefined) lastAnswer = undefined;
    },
    noteAnswer: () => {
      lastAnswer = clock.monotonic();
    },
    noteReadiness: noted => {
      ready = noted;
    },
  };
}

/** Resolves when the server at `url` answers its liveness probe, whatever it answers. */
export async function probeServer(url: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(new URL('/health', url), { signal, redirect: 'manual' });
  await response.body?.cancel();
}
