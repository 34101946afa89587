import { type Queryable, sql } from '@holdfast/postgres';
import { PROBE_EMAIL_DOMAIN, PROBE_EMAIL_PREFIX } from './probe-account-queries.ts';

// What one table shows about another, or about somebody who changes rows past Holdfast. Accounts of a doctor that is at
// work count for nothing.

const isProbe = sql`
  starts_with(users.email, ${PROBE_EMAIL_PREFIX})
  and right(users.email, ${PROBE_EMAIL_DOMAIN.length}::int) = ${PROBE_EMAIL_DOMAIN}`;

/** How many rows hold encrypted fields under each key. */
export function countEncryptedRows(db: Queryable): Promise<{ kid: string; rows: number }[]> {
  return db.many(sql<{ kid: string; rows: number }>`
    select coalesce(kid, '') as kid, count(*)::int as rows
    from (
      select encryption_key_id as kid from oauth_providers where client_secret_encrypted is not null
      union all
      select encryption_key_id from oauth_accounts
      where access_token_encrypted is not null or refresh_token_encrypted is not null
    ) as field
    group by 1 order by 1
  `);
}

export interface EndedSessions {
  readonly ended: number;
  readonly outside: number;
  readonly firstAt: string | null;
}

const EXAMINED_ENDS = 10_000;

/**
 * The sessions that ended within the last day, at most 10,000. Whoever ends one through Holdfast writes that into the audit
 * log in the same statement; ends from before its first row tell nothing.
 */
export function readEndedSessions(db: Queryable): Promise<EndedSessions> {
  return db.one(sql<EndedSessions>`
    with ended as (
      select sessions.id, sessions.revoked_at
      from sessions join users on users.id = sessions.user_id
      where sessions.revoked_at > now() - interval '1 day' and not (${isProbe})
      order by sessions.revoked_at desc limit ${EXAMINED_ENDS}
    ), outside as (
      select ended.revoked_at from ended
      where ended.revoked_at > (select min(occurred_at) from audit_log)
        and not exists (
          select from audit_log
          where subject_type = 'session' and subject_id = ended.id::text
            and action in ('session.revoked', 'session.reuse_detected')
        )
        and not exists (
          select from holdfast_recovery.revoked_sessions as known where known.session_id = ended.id
        )
    )
    select (select count(*) from ended)::int as ended, count(*)::int as outside,
      to_json(min(revoked_at) at time zone 'UTC') #>> '{}' || 'Z' as "firstAt"
    from outside
  `);
}

export interface EmptiedTable {
  readonly table: string;
  readonly trace: string;
}

/** Tables without a row where another table shows that there must have been some. Where there is one, it is found at once. */
export function findEmptiedTables(db: Queryable): Promise<EmptiedTable[]> {
  return db.many(sql<EmptiedTable>`
    select 'users' as "table", 'the audit log knows of accounts that were made and not deleted' as trace
    where not exists (select from users where not (${isProbe}))
      -- rows without their account are another story
      and not exists (
        select from user_profiles where not exists (select from users where users.id = user_profiles.user_id)
      )
      and exists (
        select from audit_log as made
        where made.subject_type = 'user' and made.action in ('user.registered', 'user.created', 'user.imported')
          and not exists (
            select from audit_log as gone
            where gone.subject_type = 'user' and gone.subject_id = made.subject_id and gone.action = 'user.deleted'
          )
      )
    union all
    select 'password_credentials', 'there are accounts that have signed in with a password'
    where not exists (
        select from password_credentials join users on users.id = password_credentials.user_id where not (${isProbe})
      )
      and exists (
        select from sessions join users on users.id = sessions.user_id
        where 'pwd' = any (sessions.amr) and users.deleted_at is null and not (${isProbe})
      )
    union all
    select 'user_roles', 'there are accounts that registered, and every account gets a role with that'
    where not exists (select from user_roles join users on users.id = user_roles.user_id where not (${isProbe}))
      and exists (
        select from users
        join audit_log on audit_log.subject_type = 'user' and audit_log.subject_id = users.id::text
        where audit_log.action = 'user.registered' and users.deleted_at is null and not (${isProbe})
      )
  `);
}
