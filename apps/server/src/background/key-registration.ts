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

const LOOK_MS = 500;

/**
 * Records the keyring's keys in the database as soon as there is one, and again whenever the keyring was replaced; tries
 * for as long as it takes.
 */
export function registerKeysEventually(options: KeyRegistrationOptions): KeyRegistration {
  const stop = new AbortController();
  let registered: Keyring | undefined;
  const running = (async () => {
    for (let attempt = 0; !stop.signal.aborted; ) {
      const latest = options.keyring();
      if (registered !== latest && (await tryToRegister(options.pool, latest))) registered = latest;
      attempt = registered === latest ? 0 : attempt + 1;
      const ms = attempt === 0 ? LOOK_MS : equalJitter(attempt - 1, { baseMs: 100, maxMs: 2_000 });
      await options.clock.sleep(ms, stop.signal).catch(() => undefined);
    }
  })();
  return {
    isDone: () => registered !== undefined,
    close: async () => {
      stop.abort();
      await running;
    },
  };
}

/** Why it fails is what /ready finds out and tells. */
async function tryToRegister(pool: Queryable, keyring: Keyring): Promise<boolean> {
  try {
    await registerKeys(pool, keyring);
    return true;
  } catch {
    return false;
  }
}
