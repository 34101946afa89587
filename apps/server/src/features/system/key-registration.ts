import { type Keyring, registerKeys } from '@holdfast/auth';
import { type Clock, equalJitter } from '@holdfast/core';
import type { Queryable } from '@holdfast/postgres';

export interface KeyRegistration {
  /** Whether the database knows the keys of the keyring in use. */
  isDone(): boolean;
  close(): Promise<void>;
}

export interface KeyRegistrationOptions {
  readonly pool: Queryable;
  readonly keyring: () => Keyring;
  readonly clock: Clock;
}

/** Records the keyring's keys in the database as soon as there is one; tries for as long as it takes. */
export function registerKeysEventually(options: KeyRegistrationOptions): KeyRegistration {
  const stop = new AbortController();
  let done = false;
  const running = (async () => {
    for (let attempt = 0; !done && !stop.signal.aborted; attempt += 1) {
      done = await tryToRegister(options);
      if (!done) await pause(options.clock, attempt, stop.signal);
    }
  })();
  return {
    isDone: () => done,
    close: async () => {
      stop.abort();
      await running;
    },
  };
}

/** Why it fails is what /ready finds out and tells. */
async function tryToRegister({ pool, keyring }: KeyRegistrationOptions): Promise<boolean> {
  try {
    await registerKeys(pool, keyring());
    return true;
  } catch {
    return false;
  }
}

async function pause(clock: Clock, attempt: number, signal: AbortSignal): Promise<void> {
  const ms = equalJitter(attempt, { baseMs: 100, maxMs: 2_000 });
  await clock.sleep(ms, signal).catch(() => undefined);
}
