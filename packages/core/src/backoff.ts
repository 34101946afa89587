/** Bounds of an exponential backoff, in milliseconds. */
export interface BackoffOptions {
  readonly baseMs: number;
  readonly maxMs: number;
  /** Returns a number in [0, 1); defaults to Math.random. */
  readonly random?: () => number;
}

/**
 * Full-jitter exponential backoff: uniform in [0, min(maxMs, baseMs · 2^attempt)).
 * The cap is applied before the jitter, so that clients which all reached the cap still spread out.
 * @param attempt 0 for the first retry.
 */
export function fullJitter(attempt: number, options: BackoffOptions): number {
  return (options.random ?? Math.random)() * exponential(attempt, options);
}

/** Equal-jitter backoff: between half of the exponential delay and all of it. For supervisors, which must not spin. */
export function equalJitter(attempt: number, options: BackoffOptions): number {
  const ceiling = exponential(attempt, options);
  return ceiling / 2 + ((options.random ?? Math.random)() * ceiling) / 2;
}

function exponential(attempt: number, { baseMs, maxMs }: BackoffOptions): number {
  return Math.min(maxMs, baseMs * 2 ** Math.max(0, attempt));
}
