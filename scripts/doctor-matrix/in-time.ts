import { setTimeout as delay } from 'node:timers/promises';

/** Longer than anything that gets somewhere. */
const PATIENCE_MS = 60_000;

/** Rejects when the work does not come to an end, such as stopping a process that another fault has suspended. */
export async function inTime<T>(work: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = delay(PATIENCE_MS, undefined, { signal: over.signal }).then(() => {
    throw new Error(`not done within ${PATIENCE_MS / 1_000} s`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
    late.catch(() => undefined);
  }
}
