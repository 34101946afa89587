import { setTimeout as delay } from 'node:timers/promises';

/** Asks again and again until the answer is neither undefined nor false; throws after `timeoutMs` with the last error. */
export async function eventually<T>(
  ask: () => T | Promise<T>,
  { timeoutMs = 10_000, pollMs = 20 }: { readonly timeoutMs?: number; readonly pollMs?: number } = {},
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let cause: unknown;
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= deadline) throw new Error(`Did not come true within ${timeoutMs} ms`, { cause });
    await delay(pollMs);
  }
}
