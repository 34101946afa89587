import {
  cutoffBefore,
  purgeRows,
  type Queryable,
  type SqlQuery,
  sql,
  type Transaction,
} from '@holdfast/postgres';

export type RevocationReason =
  | 'logout'
  | 'revoked_by_user'
  | 'revoked_by_administrator'
  | 'refresh_token_reused'
  | 'account_disabled'
  | 'account_deleted'
  | 'password_changed'
  | 'session_limit';

/** The channel on which the id of every revoked session is announced. */
export const REVOCATION_CHANNEL = 'holdfast_revocations';

/** A session as its owner or an administrator sees it. */
export interface SessionRow {
  readonly id: string;
  readonly userId: string;
  readonly clientId: string;
  readonly amr: readonly string[];
  readonly address: string | null;
  readonly userAgent: string | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  readonly expiresAt: Date;
}

/** The live sessions of a user, most recently used first. Last use is the last refresh, so at most one access token old. */
export function listSessions(db: Queryable, userId: string): Promise<SessionRow[]> {
  return db.many(
    sql<SessionRow>`
      select sessions.id, sessions.user_id as "userId", sessions.client_id as "clientId", sessions.amr,
        host(sessions.address) as address, sessions.user_agent as "userAgent", sessions.created_at as "createdAt",
        coalesce(family.rotated_at, sessions.created_at) as "lastUsedAt",
        least(sessions.expires_at, coalesce(family.expires_at, sessions.expires_at)) as "expiresAt"
      from sessions
      left join refresh_tokens as family on family.session_id = sessions.id
      where sessions.user_id = ${userId} and sessions.revoked_at is null and sessions.expires_at > now()
        and coalesce(family.expires_at > now(), true)
      order by "lastUsedAt" desc, sessions.id desc
    `.named('sessions_list'),
  );
}

/** Whether a session is live: neither revoked nor expired, of an active account. */
export async function sessionIsLive(db: Queryable, sessionId: string): Promise<boolean> {
  const row = await db.maybeOne(
    sql<{ live: boolean }>`
      select true as live
      from sessions
      join users on users.id = sessions.user_id
      where sessions.id = ${sessionId} and sessions.revoked_at is null and sessions.expires_at > now()
        and users.status = 'active' and users.deleted_at is null
    `.named('session_is_live'),
  );
  return row !== undefined;
}

/** `unknown`: the database has never heard of it, as after a restore; then only its refresh token can tell more. */
export type SessionState = 'live' | 'ended' | 'unknown';

/** What has become of each of the given sessions. */
export async function findSessionStates(
  db: Queryable,
  sessionIds: readonly string[],
): Promise<Map<string, SessionState>> {
  const rows = await db.many(
    sql<{ id: string; state: SessionState }>`
      select given.id::text as id, case
          when sessions.id is null and journal.session_id is null then 'unknown'
          when sessions.revoked_at is null and sessions.expires_at > now() and users.status = 'active'
            and users.deleted_at is null and journal.session_id is null then 'live'
          else 'ended'
        end as state
      from unnest(${sessionIds}::uuid[]) as given (id)
      left join sessions on sessions.id = given.id
      left join users on users.id = sessions.user_id
      left join holdfast_recovery.revoked_sessions as journal on journal.session_id = given.id
    `.named('session_states'),
  );
  return new Map(rows.map(({ id, state }) => [id, state]));
}

export async function findSessionState(db: Queryable, sessionId: string): Promise<SessionState> {
  return (await findSessionStates(db, [sessionId])).get(sessionId) ?? 'unknown';
}

/** The client that a session was started by; undefined for a session that the database does not know. */
export async function findSessionClient(db: Queryable, sessionId: string): Promise<string | undefined> {
  const row = await db.maybeOne(
    sql<{ clientId: string }>`select client_id as "clientId" from sessions where id = ${sessionId}`.named(
      'session_client',
    ),
  );
  return row?.clientId;
}

/**
 * The sessions revoked at or after a time, with the database's own time, so that clocks need not agree. Those that only
 * the journal of a restore knows are always among them: they entered the database later than they were revoked.
 */
export async function listRevokedSince(
  db: Queryable,
  since: Date | undefined,
  horizonMs: number,
): Promise<{ readonly now: Date; readonly sessionIds: string[] }> {
  const row = await db.one(
    sql<{ now: Date; sessionIds: string[] }>`
      select now() as now, array(
        select id::text from sessions
        where revoked_at >= greatest(${since ?? null}::timestamptz, now() - ${horizonMs} * interval '1 millisecond')
        union all
        select session_id::text from holdfast_recovery.revoked_sessions
        where revoked_at >= now() - ${horizonMs} * interval '1 millisecond'
      ) as "sessionIds"
    `.named('sessions_revoked_since'),
  );
  return row;
}

/** The live sessions of a user beyond the `limit` most recently used ones. */
export async function listSurplusSessions(db: Queryable, userId: string, limit: number): Promise<string[]> {
  const rows = await db.many(
    sql<{ id: string }>`
      select sessions.id from sessions
      left join refresh_tokens as family on family.session_id = sessions.id
      where sessions.user_id = ${userId} and sessions.revoked_at is null and sessions.expires_at > now()
      order by coalesce(family.rotated_at, sessions.created_at) desc, sessions.id desc
      offset ${limit}
    `.named('sessions_surplus'),
  );
  return rows.map(row => row.id);
}

/** The condition that a session was revoked, expired, or was not refreshed in time before a moment. */
export function sessionEndedBefore(row: SqlQuery<never>, cutoff: SqlQuery<unknown>): SqlQuery<unknown> {
  return sql`
    (${row}.expires_at < ${cutoff} or ${row}.revoked_at < ${cutoff} or exists (
      select from public.refresh_tokens as family
      where family.session_id = ${row}.id and family.expires_at < ${cutoff}
    ))
  `;
}

/**
 * Deletes sessions, with their families, that ended or expired longer ago than `retentionMs`, at most `limit` of them;
 * rows that somebody holds are left for the next time. @returns how many.
 */
export function purgeSessions(tx: Transaction, retentionMs: number, limit: number): Promise<number> {
  const condition = (row: SqlQuery<never>) => sessionEndedBefore(row, cutoffBefore(retentionMs));
  return purgeRows(tx, { schema: 'public', table: 'sessions', condition }, limit);
}
