import { randomBytes } from 'node:crypto';
import { HoldfastError } from '@holdfast/core';
import { type Algorithm, hash, type Options, verify } from '@node-rs/argon2';

/** Argon2id with OWASP's first choice for interactive logins: 19 MiB, two passes, one lane. */
export const ARGON2_PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** The library's enum exists only for its own compiler. */
const ARGON2ID = 2 satisfies Algorithm;
const OPTIONS: Options = { algorithm: ARGON2ID, ...ARGON2_PARAMETERS };
const CURRENT_PREFIX = `$argon2id$v=19$m=${ARGON2_PARAMETERS.memoryCost},t=${ARGON2_PARAMETERS.timeCost},p=${ARGON2_PARAMETERS.parallelism}$`;

export interface PasswordHasher {
  /** A PHC string with a new random salt. */
  hash(password: string): Promise<string>;
  /**
   * Whether the password fits. Without a stored hash it does the same work against a hash that fits nothing and
   * answers false, so that an unknown user takes as long as a wrong password.
   */
  verify(stored: string | undefined, password: string): Promise<boolean>;
  /** Whether a stored hash was made with other parameters and should be replaced at the next login. */
  needsRehash(stored: string): boolean;
}

export interface PasswordHasherOptions {
  /** Hashes computed at once; each takes a thread of the libuv pool and 19 MiB. */
  readonly concurrency?: number;
  /** Callers that may wait for a place. */
  readonly maxWaiting?: number;
}

/**
 * A bounded hasher: when all places and the whole queue are taken it answers `overloaded` (503) at once instead of
 * letting logins starve everything else.
 */
export function createPasswordHasher(options: PasswordHasherOptions = {}): PasswordHasher {
  const limit = createLimiter(options.concurrency ?? 4, options.maxWaiting ?? 256);
  let decoy: Promise<string> | undefined;
  return {
    hash: password => limit(() => hash(normalize(password), OPTIONS)),
    verify: (stored, password) =>
      limit(async () => {
        decoy ??= hash(randomBytes(32), OPTIONS);
        const fits = await verify(stored ?? (await decoy), normalize(password));
        return fits && stored !== undefined;
      }),
    needsRehash: stored => !stored.startsWith(CURRENT_PREFIX),
  };
}

/** NFKC, so that the same password typed on two systems is the same (NIST SP 800-63B-4 section 3.1.1.2). */
function normalize(password: string): string {
  return password.normalize('NFKC');
}

type Limiter = <T>(work: () => Promise<T>) => Promise<T>;

function createLimiter(concurrency: number, maxWaiting: number): Limiter {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async work => {
    if (running < concurrency) {
      running += 1;
    } else {
      if (waiting.length >= maxWaiting) {
        throw new HoldfastError('overloaded', 'Too many sign-ins at once; try again shortly.', {
          retryAfter: 1,
        });
      }
      // The place of whoever finishes is handed over, so `running` does not change.
      await new Promise<void>(resolve => waiting.push(resolve));
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
