import { setTimeout as delay } from 'node:timers/promises';
import { equalJitter, type Random, SESSION_ENDING_CODES } from '@holdfast/core';
import { type Answer, type Call, call } from './call.ts';
import type { Tally } from './tally.ts';

export type Answered = Extract<Answer, { kind: 'answered' }>;

/** A request without its server: each attempt goes to another one. */
export type Question = Omit<Call, 'url'> & { readonly path: string };

/**
 * Repeats a request at servers chosen at random until one has an answer other than "not now", as a good client does:
 * the same again after a lost answer, later after a 503. Undefined when `stop` says so or the run ends.
 */
export type Ask = (what: string, make: () => Question, stop?: () => boolean) => Promise<Answered | undefined>;

export interface AskOptions {
  readonly urls: readonly [string, ...string[]];
  readonly tally: Tally;
  readonly random: Random;
  readonly signal: AbortSignal;
}

const BACKOFF = { baseMs: 100, maxMs: 2_000 };
const MAX_RETRY_AFTER_MS = 2_000;

export function createAsk(options: AskOptions): Ask {
  const { urls, random, signal } = options;
  return async (what, make, stop = () => false) => {
    const startedAt = performance.now();
    for (let attempt = 0; !signal.aborted && !stop(); attempt += 1) {
      const { path, ...rest } = make();
      const sentAt = performance.now();
      const answer = await call({ ...rest, url: random.pick(urls) + path }, signal);
      if (signal.aborted) return undefined;
      if (answer.kind === 'answered' && answer.status !== 503)
        return noteAnswer(options, what, answer, { startedAt, sentAt });
      options.tally.count(answer.kind === 'lost' ? `${what}: no answer` : `${what}: 503 ${answer.code}`);
      const pause = requestedPause(answer) + equalJitter(attempt, { ...BACKOFF, random: random.next });
      await delay(pause, undefined, { signal }).catch(() => undefined);
    }
    return undefined;
  };
}

function noteAnswer(
  { tally }: AskOptions,
  what: string,
  answer: Answered,
  { startedAt, sentAt }: { readonly startedAt: number; readonly sentAt: number },
): Answered {
  tally.waited(performance.now() - startedAt, what);
  tally.count(`${what}: ${answer.status}${answer.code === undefined ? '' : ` ${answer.code}`}`);
  (what === 'refresh' ? tally.refreshes : tally.calls).record(performance.now() - sentAt);
  return answer;
}

function requestedPause(answer: Answer): number {
  return answer.kind === 'lost' ? 0 : Math.min(answer.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS);
}

/** Whether an answer signs the user out. */
export function endsSession(answer: Answer): boolean {
  return (
    answer.kind === 'answered' &&
    (answer.status === 401 || answer.status === 403) &&
    SESSION_ENDING_CODES.some(code => code === answer.code)
  );
}

/** Counts an answer that nobody should ever get. */
export function countUnexpected(tally: Tally, what: string, answer: Answered): void {
  const kind = answer.status >= 500 ? 'serverErrorsOtherThan503' : 'otherUnexpectedAnswers';
  tally.violate(kind, `${what} answered ${answer.status} ${answer.code}`);
}
