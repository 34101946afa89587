import type { Clock } from '@holdfast/core';

/** Where the API server is and when it last gave a sign of life: what the proxy and the status need to know. */
export interface Upstream {
  /** The base URL; undefined while no server is known. */
  readonly url: string | undefined;
  /** Whether the server answered a liveness probe after this monotonic time. */
  answeredSince(time: number): boolean;
  /** Monotonic time of the last answer; undefined before the first. */
  readonly lastAnswer: number | undefined;
  locate(url: string | undefined): void;
  noteAnswer(): void;
}

export function createUpstream(clock: Pick<Clock, 'monotonic'>, url?: string): Upstream {
  let current = url;
  let lastAnswer: number | undefined;
  return {
    get url() {
      return current;
    },
    get lastAnswer() {
      return lastAnswer;
    },
    answeredSince: time => lastAnswer !== undefined && lastAnswer >= time,
    locate: located => {
      current = located;
      if (located === undefined) lastAnswer = undefined;
    },
    noteAnswer: () => {
      lastAnswer = clock.monotonic();
    },
  };
}

/** Resolves when the server at `url` answers its liveness probe, whatever it answers. */
export async function probeServer(url: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(new URL('/health', url), { signal, redirect: 'manual' });
  await response.body?.cancel();
}
