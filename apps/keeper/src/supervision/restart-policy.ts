import { equalJitter } from '@holdfast/core';

/** When a part that ended is started again. Times in milliseconds. */
export interface RestartPolicyOptions {
  readonly baseMs: number;
  readonly maxMs: number;
  /** So many short lives within `loopWindowMs` are a crash loop. */
  readonly loopExits: number;
  readonly loopWindowMs: number;
  /** The slow pace of a crash loop. */
  readonly loopDelayMs: number;
  /** A part that served at least this long did not crash at once: its exit starts a new count. */
  readonly stableMs: number;
  readonly random?: () => number;
}

export const DEFAULT_RESTART_POLICY: RestartPolicyOptions = {
  baseMs: 250,
  maxMs: 5_000,
  loopExits: 5,
  loopWindowMs: 60_000,
  loopDelayMs: 10_000,
  stableMs: 10_000,
};

export type RestartDecision =
  | { readonly kind: 'restart'; readonly attempt: number; readonly delayMs: number }
  | { readonly kind: 'crash-loop'; readonly exits: number; readonly delayMs: number };

export interface RestartPolicy {
  /** Decides after an exit at monotonic time `now` of a part that had served for `servedMs`. */
  afterExit(now: number, servedMs: number): RestartDecision;
}

/** The first restart is at once, later ones with equal jitter, and a crash loop goes on slowly for as long as it lasts. */
export function createRestartPolicy(options: RestartPolicyOptions): RestartPolicy {
  let exits: number[] = [];
  let looping = false;
  return {
    afterExit: (now, servedMs) => {
      if (servedMs >= options.stableMs) {
        exits = [];
        looping = false;
      }
      exits = [...exits, now].filter(at => looping || now - at < options.loopWindowMs);
      looping ||= exits.length >= options.loopExits;
      if (looping) return { kind: 'crash-loop', exits: exits.length, delayMs: options.loopDelayMs };
      const attempt = exits.length;
      return { kind: 'restart', attempt, delayMs: attempt === 1 ? 0 : equalJitter(attempt - 2, options) };
    },
  };
}
