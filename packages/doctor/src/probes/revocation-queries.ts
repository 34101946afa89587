import { type Queryable, sql } from '@holdfast/postgres';
import type { JournaledEnd } from './revocation-journal.ts';

/** What the database makes of a session that the journal names as ended. */
export interface JournaledSession extends JournaledEnd {
  /** ended: as the journal says, or expired. live: it would be let in. unknown: there is no trace of it. */
  readonly state: 'ended' | 'live' | 'unknown';
}

/** How the database holds the sessions of these entries, the last entry of each session, in the order of time. */
export async function matchJournal(
  db: Queryable,
  entries: readonly JournaledEnd[],
): Promise<JournaledSession[]> {
  if (entries.length === 0) return [];
  const rows = entries.map(({ at, sessionId }) => ({ at, session_id: sessionId }));
  return db.many(sql<JournaledSession>`
    with given as (
      select distinct on (session_id) session_id, at
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as entry (session_id uuid, at text)
      order by session_id, at::timestamptz desc
    )
    select given.at, given.session_id as "sessionId",
      case
        when exists (
          select from holdfast_recovery.revoked_sessions as known where known.session_id = given.session_id
        ) then 'ended'
        when sessions.id is not null then
          case when sessions.revoked_at is null and sessions.expires_at > now() then 'live' else 'ended' end
        when exists (
          select from audit_log where subject_type = 'session' and subject_id = given.session_id::text
        ) then 'ended'
        else 'unknown'
      end as state
    from given left join sessions on sessions.id = given.session_id
    order by given.at::timestamptz, given.session_id
  `);
}

/** When the newest of the rows was written that are older than this time, in ISO 8601; null when there is none. */
export async function findLastTrace(db: Queryable, before: string): Promise<string | null> {
  const { at } = await db.one(sql<{ at: string | null }>`
    select to_json(greatest(
      (select max(occurred_at) from audit_log where occurred_at < ${before}::timestamptz),
      (select max(created_at) from sessions where created_at < ${before}::timestamptz),
      (select max(modified_at) from sessions where modified_at < ${before}::timestamptz),
      (select max(rotated_at) from refresh_tokens where rotated_at < ${before}::timestamptz),
      (select max(created_at) from users where created_at < ${before}::timestamptz)
    ) at time zone 'UTC') #>> '{}' || 'Z' as at
  `);
  return at;
}

export async function readDatabaseTime(db: Queryable): Promise<Date> {
  const { now } = await db.one(sql<{ now: Date }>`select now() as now`);
  return now;
}
