import { type Queryable, sql } from '@holdfast/postgres';
import { type Actor, auditRowsFrom } from '../audit/index.ts';

export type RevocationReason =
  | 'logout'
  | 'revoked_by_user'
  | 'revoked_by_administrator'
  | 'refresh_token_reused'
  | 'account_disabled'
  | 'account_deleted'
  | 'password_changed';

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

/** Which sessions to revoke: exactly one of a user, all others of a user, all of a user, or one of anybody. */
export type SessionSelection =
  | { readonly sessionId: string; readonly userId?: string }
  | { readonly userId: string; readonly except?: string };

export interface Revocation {
  readonly reason: RevocationReason;
  readonly actor: Actor;
}

/**
 * Ends the selected live sessions with their refresh token families, writes the audit rows and announces each id, in
 * one statement. Revoking what is revoked does nothing.
 * @returns the ids that were live before.
 */
export async function revokeSessions(
  db: Queryable,
  selection: SessionSelection,
  { reason, actor }: Revocation,
): Promise<string[]> {
  const action = reason === 'refresh_token_reused' ? 'session.reuse_detected' : 'session.revoked';
  const rows = await db.many(sql<{ id: string }>`
    with revoked as (
      update sessions
      set revoked_at = now(), revoked_by = ${actor.id}::uuid, revocation_reason = ${reason},
        modified_at = now(), modified_by = ${actor.id}::uuid
      where revoked_at is null and ${selectionCondition(selection)}
      returning id
    ),
    families as (
      update refresh_tokens set revoked_at = now()
      where session_id in (select id from revoked) and revoked_at is null
    ),
    audited as (
      ${auditRowsFrom(sql`select id::text as subject_id from revoked`, actor, {
        action,
        subjectType: 'session',
        details: { reason },
      })}
    )
    select id, pg_notify(${REVOCATION_CHANNEL}, id::text) from revoked
  `);
  return rows.map(row => row.id);
}

function selectionCondition(selection: SessionSelection) {
  if ('sessionId' in selection) {
    const { sessionId, userId } = selection;
    return userId === undefined ? sql`id = ${sessionId}` : sql`id = ${sessionId} and user_id = ${userId}`;
  }
  const { userId, except } = selection;
  return except === undefined ? sql`user_id = ${userId}` : sql`user_id = ${userId} and id <> ${except}`;
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

/** The sessions revoked at or after a time, with the database's own time, so that clocks need not agree. */
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
      ) as "sessionIds"
    `.named('sessions_revoked_since'),
  );
  return row;
}
