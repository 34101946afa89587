import type { Evidence, HealthContext, HealthReading } from '../../entry.ts';
import { levelAbove, monitorGrant, queryText, shownEvidence } from '../../judge.ts';
import { countText, round, secondsText } from '../../quantity.ts';
import { readSessions, type SessionRow } from './session-queries.ts';

/** What is looked for among sessions, and how it is called. */
export interface SessionQuestion {
  /** The seconds that count; null when the session is not of this kind. */
  readonly seconds: (session: SessionRow) => number | null;
  /** As in `2 sessions <what>`. */
  readonly what: string;
  readonly metric: string;
  readonly remedy: (worst: SessionRow) => string;
  readonly limits: { readonly warnSeconds: number; readonly criticalSeconds: number };
}

/** Judges sessions by their longest time. Skipped when nothing is wrong among those that can be seen, but others cannot. */
export async function judgeSessions(
  context: HealthContext,
  { seconds, what, metric, remedy, limits }: SessionQuestion,
): Promise<HealthReading> {
  const sessions = (await readSessions(context.db)).filter(({ own }) => !own);
  const found = sessions
    .map(session => ({ session, seconds: seconds(session) ?? 0 }))
    .filter(one => one.seconds > 0)
    .sort((a, b) => b.seconds - a.seconds);
  const [worst] = found;
  const level = levelAbove(worst?.seconds ?? 0, limits.warnSeconds, limits.criticalSeconds);
  const metrics = { [metric]: round(worst?.seconds ?? 0, 1) };
  if (level === 'ok' || worst === undefined) {
    const hidden = sessions.filter(session => session.hidden).length;
    if (hidden > 0) return { level: 'skipped', why: hiddenText(hidden, context) };
    const longest = worst === undefined ? 'none' : `the longest for ${secondsText(worst.seconds)}`;
    return { level: 'ok', summary: longest, metrics };
  }
  const late = found.filter(one => one.seconds >= limits.warnSeconds);
  return {
    level,
    summary: `${countText(late.length, 'session')} ${what}, the longest for ${secondsText(worst.seconds)}`,
    ...shownEvidence(late.map(one => sessionEvidence(one.session, one.seconds))),
    remedy: remedy(worst.session),
    metrics,
  };
}

function hiddenText(hidden: number, context: HealthContext): string {
  return `what ${countText(hidden, 'session')} of other roles ${hidden === 1 ? 'does' : 'do'} cannot be seen; ${monitorGrant(context)};`;
}

function sessionEvidence(session: SessionRow, seconds: number): Evidence {
  const { pid, database, user, application, client, state, waitsFor, query } = session;
  return {
    pid,
    seconds: round(seconds, 1),
    database,
    user,
    application,
    client,
    state,
    waitsFor,
    query: queryText(query),
  };
}
