import { setTimeout as delay } from 'node:timers/promises';

/** Waits until something holds; fails after the bound. */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = 30_000,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Within ${withinMs} ms it did not come true that ${what}`);
    await delay(20);
  }
}
