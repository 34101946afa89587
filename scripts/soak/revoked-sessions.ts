import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '@holdfast/core';
import { type Answer, call } from './call.ts';
import { type ClientSession, describeToken } from './client-session.ts';
import type { Replica } from './replica.ts';
import type { Tally } from './tally.ts';

interface RevokedSession {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Monotonic time of the acknowledgement. */
  readonly at: number;
}

/** Sessions whose end was acknowledged, and the attempts to use them nevertheless. */
export interface RevokedSessions {
  add(session: ClientSession): void;
  /** Tries some of them again and again at both replicas, past the lossy way, until `signal`. */
  watch(signal: AbortSignal): Promise<void>;
  /** Tries all of them once. */
  checkAll(signal: AbortSignal): Promise<void>;
}

/** A revocation takes at most a second to reach every replica. */
const SETTLED_MS = 1_500;
const RECENT_MS = 8_000;
const MAX_KEPT = 5_000;
const BATCH = 20;
const AT_ONCE = 8;
const PAUSE_MS = 300;
const WAYS = ['refresh token', 'access token for users/me', 'access token for users/me/profile'];

export function watchRevokedSessions(
  replicas: readonly Replica[],
  tally: Tally,
  random: Random,
): RevokedSessions {
  const kept: RevokedSession[] = [];
  const attempt = async (session: RevokedSession, replica: Replica, signal: AbortSignal): Promise<void> => {
    const url = replica.url();
    if (url === undefined) return;
    const { accessToken, refreshToken, at } = session;
    const calls = [
      call({ url: `${url}/api/v1/auth/refresh`, method: 'POST', body: { refreshToken } }, signal),
      call({ url: `${url}/api/v1/users/me`, method: 'GET', bearer: accessToken }, signal),
      // Needs no session from the database: what refuses it is the revocation feed.
      call({ url: `${url}/api/v1/users/me/profile`, method: 'GET', bearer: accessToken }, signal),
    ];
    for (const [index, answer] of (await Promise.all(calls)).entries()) {
      tally.count('attempts with revoked sessions');
      judge(tally, answer, `${WAYS[index]} at ${replica.name}`, {
        token: refreshToken,
        age: performance.now() - at,
      });
    }
  };
  const attemptAll = async (sessions: readonly RevokedSession[], signal: AbortSignal): Promise<void> => {
    const waiting = [...sessions];
    const work = async (): Promise<void> => {
      for (let next = waiting.pop(); next !== undefined && !signal.aborted; next = waiting.pop()) {
        for (const replica of replicas) await attempt(next, replica, signal);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  };
  return {
    add: ({ accessToken, refreshToken }) => {
      if (kept.length >= MAX_KEPT) kept.splice(Math.floor(random.next() * kept.length), 1);
      kept.push({ accessToken, refreshToken, at: performance.now() });
      tally.count('sessions revoked');
    },
    watch: async signal => {
      while (!signal.aborted) {
        await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
        const settled = kept.filter(({ at }) => performance.now() - at >= SETTLED_MS);
        const recent = settled.filter(({ at }) => performance.now() - at <= RECENT_MS);
        await attemptAll([...random.shuffle(recent), ...random.shuffle(settled)].slice(0, BATCH), signal);
      }
    },
    checkAll: signal => attemptAll(kept, signal),
  };
}

function judge(
  tally: Tally,
  answer: Answer,
  what: string,
  { token, age }: { readonly token: string; readonly age: number },
): void {
  if (answer.kind === 'lost' || answer.status === 401 || answer.status === 403 || answer.status === 503)
    return;
  const story = `${what} answered ${answer.status} ${answer.code ?? ''} ${(age / 1_000).toFixed(1)} s after the end of ${describeToken(token)}`;
  if (answer.status < 300) tally.violate('revokedSessionsThatWorked', story);
  else tally.violate(answer.status >= 500 ? 'serverErrorsOtherThan503' : 'otherUnexpectedAnswers', story);
}
