import { newId } from '@holdfast/core';
import { type Queryable, type SqlQuery, sql } from '@holdfast/postgres';
import { type Actor, auditRowsFrom } from '../audit/index.ts';

/** What a new session is bound to. */
export interface NewSession {
  readonly userId: string;
  readonly email: string;
  readonly clientId: string;
  readonly amr: readonly string[];
  readonly address: string | undefined;
  readonly userAgent: string | undefined;
  /** Sliding lifetime of the refresh token, in milliseconds. */
  readonly refreshTtlMs: number;
  /** Absolute lifetime of the session, in milliseconds. */
  readonly sessionTtlMs: number;
  /** The hash that a password was verified against, to be stored still when the session starts. */
  readonly passwordHash?: string | undefined;
  /** How many sessions the account may have. */
  readonly sessionLimit: number;
}

/** Times are the database's, so that replicas with other clocks agree on them. */
export interface StartedSession {
  readonly sessionId: string;
  readonly startedAt: Date;
  readonly refreshExpiresAt: Date;
  readonly absoluteExpiresAt: Date;
  /** Whether the account had as many sessions as it may have before; some of them may have expired. */
  readonly full: boolean;
}

/**
 * Creates session and refresh token family, records the login and its audit row: one statement, one round trip.
 * Locks the account's row, and the password's, so that a login and a disabling or a change of the password at the same time
 * come one after the other: the session is there to be ended, or does not start.
 * @returns undefined, and changes nothing, when the account is not active any more or its password is another one.
 */
export function insertSession(
  db: Queryable,
  session: NewSession,
  actor: Actor,
): Promise<StartedSession | undefined> {
  const id = newId();
  return db.maybeOne(
    sql<StartedSession>`
      with times as (
        select date_trunc('milliseconds', now()) as started_at,
          date_trunc('milliseconds', now()) + ${session.sessionTtlMs} * interval '1 millisecond' as absolute_expires_at
      ),
      ${markedUser(session)},
      created as (
        insert into sessions (id, user_id, client_id, amr, address, user_agent, expires_at, created_at, created_by, modified_by)
        select ${id}::uuid, ${session.userId}::uuid, ${session.clientId}, ${session.amr}::text[],
          ${session.address ?? null}::inet, ${session.userAgent ?? null}, absolute_expires_at, started_at,
          ${session.userId}::uuid, ${session.userId}::uuid
        from times, marked
        returning id
      ),
      family as (
        insert into refresh_tokens (session_id, user_id, rotated_at, expires_at, absolute_expires_at)
        select created.id, ${session.userId}::uuid, started_at,
          least(started_at + ${session.refreshTtlMs} * interval '1 millisecond', absolute_expires_at), absolute_expires_at
        from created, times
        returning expires_at
      ),
      attempted as (
        insert into login_attempts (id, user_id, email, outcome, address, user_agent)
        select ${newId()}::uuid, id, ${session.email}, 'succeeded', ${session.address ?? null}::inet,
          ${session.userAgent ?? null}
        from marked
      ),
      audited as (
        ${auditRowsFrom(
          sql`select id::text as subject_id from created`,
          { ...actor, sessionId: id },
          {
            action: 'session.started',
            subjectType: 'session',
            details: { clientId: session.clientId, amr: session.amr },
          },
        )}
      )
      select created.id as "sessionId", times.started_at as "startedAt", family.expires_at as "refreshExpiresAt",
        times.absolute_expires_at as "absoluteExpiresAt",
        (select count(*) from (
          select from sessions where user_id = ${session.userId} and revoked_at is null limit ${session.sessionLimit}
        ) as counted) >= ${session.sessionLimit} as "full"
      from created, times, family
    `.named('session_insert'),
  );
}

/** Marks the login of an account that is still active, and whose password is still the one that was verified. */
function markedUser({ userId, passwordHash }: NewSession): SqlQuery<unknown> {
  const verified = passwordHash ?? null;
  return sql`
      proven as (
        select user_id from password_credentials
        where user_id = ${userId} and hash = ${verified}::text
        for share
      ),
      marked as (
        update users set last_login_at = now()
        where id = ${userId} and status = 'active' and deleted_at is null
          and (${verified}::text is null or exists (select from proven))
        returning id
      )`;
}

export interface FailedAttempt {
  readonly userId: string | null;
  readonly email: string;
  readonly outcome: 'wrong_password' | 'unknown_user' | 'account_disabled' | 'no_password';
  readonly address: string | undefined;
  readonly userAgent: string | undefined;
}

/** Records a login that failed, of a known or an unknown address alike. */
export async function insertFailedAttempt(db: Queryable, attempt: FailedAttempt): Promise<void> {
  await db.execute(
    sql`
      insert into login_attempts (id, user_id, email, outcome, address, user_agent)
      values (${newId()}, ${attempt.userId}, ${attempt.email}, ${attempt.outcome}, ${attempt.address ?? null}::inet,
        ${attempt.userAgent ?? null})
    `.named('login_attempt_insert'),
  );
}
