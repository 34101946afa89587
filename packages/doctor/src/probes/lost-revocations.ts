import { idTime } from '@holdfast/core';
import type { Queryable } from '@holdfast/postgres';
import type { RevocationsSighting } from '../sightings.ts';
import { readTail } from './read-tail.ts';
import { parseEntries } from './revocation-journal.ts';
import {
  findLastTrace,
  type JournaledSession,
  matchJournal,
  readDatabaseTime,
} from './revocation-queries.ts';

/** Ended sessions are kept for seven days, after which they may have been purged. */
const REMEMBERED_MS = 6 * 24 * 60 * 60_000;

/** The probe accounts of the doctor vanish with their sessions, which live for as long as one probe at most. */
const PROBE_SESSION_MS = 10_000;

/** A revocation is in the journal first, and in the database as soon as its statement is committed. */
const IN_FLIGHT_MS = 10_000;

/**
 * Compares the end of the revocation journal, which is outside the database, with what the database holds: what the
 * database lacks shows that it is older than the journal.
 */
export async function findLostRevocations(db: Queryable, path: string): Promise<RevocationsSighting> {
  const sessions = await matchJournal(db, parseEntries(await readTail(path)));
  const lost = judgeJournal(sessions, (await readDatabaseTime(db)).getTime());
  const seen = { path, compared: sessions.length, ...lost };
  const lastTraceAt = lost.firstAt === undefined ? null : await findLastTrace(db, lost.firstAt);
  return lastTraceAt === null ? seen : { ...seen, lastTraceAt };
}

/** What of a journal the database lacks. */
export type LostRevocations = Pick<RevocationsSighting, 'live' | 'unknown' | 'conclusive' | 'firstAt'>;

/**
 * A session without any trace was there and is not any more: that is conclusive. A live one may also have been ended at
 * the very moment of a crash, between journal and commit; several of them over more time than one statement can take,
 * with nothing committed in between, may not. Pure. @param sessions in the order of time
 */
export function judgeJournal(sessions: readonly JournaledSession[], now: number): LostRevocations {
  const telling = sessions.filter(session => !isProbeSession(session));
  const unknown = telling.filter(
    ({ state, at }) => state === 'unknown' && Date.parse(at) > now - REMEMBERED_MS,
  );
  const live = telling.filter(({ state, at }) => state === 'live' && Date.parse(at) < now - IN_FLIGHT_MS);
  const firstAt = [...unknown, ...live].map(({ at }) => at).sort(byTime)[0];
  const conclusive = unknown.length > 0 || longestRun(telling, new Set(live)) > IN_FLIGHT_MS;
  const counts = { live: live.length, unknown: unknown.length, conclusive };
  return firstAt === undefined ? counts : { ...counts, firstAt };
}

const byTime = (a: string, b: string) => Date.parse(a) - Date.parse(b);

function isProbeSession({ state, at, sessionId }: JournaledSession): boolean {
  const begun = idTime(sessionId);
  return state === 'unknown' && (begun === undefined || Date.parse(at) - begun < PROBE_SESSION_MS);
}

/** The longest time between live sessions with none in between that has ended as the journal says. */
function longestRun(sessions: readonly JournaledSession[], live: ReadonlySet<JournaledSession>): number {
  let [longest, begin]: [number, number | undefined] = [0, undefined];
  for (const session of sessions) {
    if (session.state === 'ended') begin = undefined;
    if (!live.has(session)) continue;
    begin ??= Date.parse(session.at);
    longest = Math.max(longest, Date.parse(session.at) - begin);
  }
  return longest;
}
