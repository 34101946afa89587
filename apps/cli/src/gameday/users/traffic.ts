import type { Answer } from './http-call.ts';

/** An answer that a user got, as far as it is of interest. */
interface Seen {
  readonly at: number;
  readonly label: string;
  readonly good: boolean;
}

/** Answers that no user should ever get. */
export interface Logout {
  readonly at: number;
  readonly who: string;
  readonly what: string;
}

/** What all users saw in a span of time. */
export interface TrafficSummary {
  readonly requests: number;
  /** By status and code, such as `503 database_unavailable`. */
  readonly answers: Readonly<Record<string, number>>;
  /** Milliseconds since 1970 of the first and last request that was not served; null when all were. */
  readonly firstTroubleAt: number | null;
  readonly lastTroubleAt: number | null;
}

export interface Traffic {
  saw(answer: Answer): void;
  /** A user who did not sign out was told to sign in again. */
  loggedOut(who: string, what: string): void;
  readonly logouts: readonly Logout[];
  summary(from: number, to: number): TrafficSummary;
}

const BAD_FROM = 400;

export function createTraffic(now: () => number): Traffic {
  const seen: Seen[] = [];
  const logouts: Logout[] = [];
  return {
    saw: answer =>
      void seen.push({
        at: now(),
        label: labelOf(answer),
        good: answer.kind === 'answered' && answer.status < BAD_FROM,
      }),
    loggedOut: (who, what) => void logouts.push({ at: now(), who, what }),
    logouts,
    summary: (from, to) => summarize(seen.filter(({ at }) => at >= from && at <= to)),
  };
}

function summarize(seen: readonly Seen[]): TrafficSummary {
  const answers: Record<string, number> = {};
  for (const { label } of seen) answers[label] = (answers[label] ?? 0) + 1;
  const troubled = seen.filter(({ good }) => !good);
  return {
    requests: seen.length,
    answers,
    firstTroubleAt: troubled[0]?.at ?? null,
    lastTroubleAt: troubled.at(-1)?.at ?? null,
  };
}

function labelOf(answer: Answer): string {
  if (answer.kind === 'lost') return 'no answer';
  return answer.code === undefined ? String(answer.status) : `${answer.status} ${answer.code}`;
}
