import { idTime, newId } from '@holdfast/core';
import { type Queryable, sql, type Transaction } from '@holdfast/postgres';
import type { RefreshClaims } from '../tokens/index.ts';
import type { JournalEntry } from './revocation-journal.ts';

/** A restore: what was written after `restoredTo` and before `restoredAt` is lost. */
export interface RestoreEpoch {
  readonly id: string;
  readonly restoredTo: Date;
  readonly restoredAt: Date;
  readonly note: string;
}

export function insertEpoch(tx: Transaction, epoch: Omit<RestoreEpoch, 'id'>): Promise<RestoreEpoch> {
  return tx.one(sql<RestoreEpoch>`
    insert into holdfast_recovery.restore_epochs (id, restored_to, restored_at, note)
    values (${newId()}, ${epoch.restoredTo}, ${epoch.restoredAt}, ${epoch.note})
    returning id, restored_to as "restoredTo", restored_at as "restoredAt", note
  `);
}

export function listEpochs(db: Queryable): Promise<RestoreEpoch[]> {
  return db.many(sql<RestoreEpoch>`
    select id, restored_to as "restoredTo", restored_at as "restoredAt", note
    from holdfast_recovery.restore_epochs order by restored_at desc
  `);
}

/** Ends what the journal names: sessions that the restored database has, and by name those that it has not. */
export async function applyRevocations(tx: Transaction, entries: readonly JournalEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const rows = entries.map(({ at, sessionId, reason }) => ({ at, session_id: sessionId, reason }));
  await tx.execute(sql`
    with given as (
      select distinct on (session_id) session_id, at, reason
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as entry (session_id uuid, at timestamptz, reason text)
      order by session_id, at
    ),
    ended as (
      update sessions set revoked_at = now(), revocation_reason = given.reason, modified_at = now()
      from given where sessions.id = given.session_id and sessions.revoked_at is null
    ),
    families as (
      update refresh_tokens set revoked_at = now()
      from given where refresh_tokens.session_id = given.session_id and refresh_tokens.revoked_at is null
    )
    insert into holdfast_recovery.revoked_sessions (session_id, revoked_at, reason)
    select session_id, at, reason from given
    on conflict (session_id) do nothing
  `);
}

/**
 * Those of the entries that the database does not know as revoked, or has live, the oldest of each session, in the order of time.
 */
export async function unknownRevocations(
  db: Queryable,
  entries: readonly JournalEntry[],
): Promise<JournalEntry[]> {
  if (entries.length === 0) return [];
  const rows = entries.map(({ at, sessionId, reason }) => ({ at, session_id: sessionId, reason }));
  return db.many(sql<JournalEntry>`
    with given as (
      select distinct on (session_id) session_id, at, reason
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as entry (session_id uuid, at text, reason text)
      order by session_id, at::timestamptz
    )
    select at, session_id as "sessionId", reason from given
    where not exists (select from sessions where id = given.session_id and revoked_at is not null)
      and (
        -- a known one may have come back since, live
        exists (select from sessions where id = given.session_id)
        or not exists (select from holdfast_recovery.revoked_sessions as known where known.session_id = given.session_id)
      )
    order by at::timestamptz, session_id
  `);
}

/** What decides whether a token that contradicts the database may be believed. */
export interface RecoveryState {
  /** Whether the token was issued in a time that a restore has lost. */
  readonly lost: boolean;
  readonly revoked: boolean;
  readonly accountExists: boolean;
  readonly accountActive: boolean;
  /** Whether the account, too, was created in that time, so that its absence is the restore's. */
  readonly accountLost: boolean;
}

/**
 * A token carries the time at which its transaction began, a backup holds what was committed before its point: a token
 * from shortly before the point may be lost with it. Longer than any statement may take.
 */
const COMMIT_MARGIN_MS = 10_000;

/**
 * When an account was created is in its id, by the clock of a replica, and in the audit log, by the database's: it was
 * created in a lost time when its id says so and no audit entry from before that time names it. One whose id has no time
 * may always have been older.
 */
export function findRecoveryState(db: Queryable, claims: RefreshClaims): Promise<RecoveryState> {
  const issuedAt = new Date(claims.issuedAt);
  const createdAt = idTime(claims.userId);
  const created = createdAt === undefined ? null : new Date(createdAt);
  return db.one(
    sql<RecoveryState>`
      with epochs as (
        select restored_to, restored_to - ${COMMIT_MARGIN_MS} * interval '1 millisecond' as lost_from
        from holdfast_recovery.restore_epochs
        where restored_to - ${COMMIT_MARGIN_MS} * interval '1 millisecond' < ${issuedAt}::timestamptz
          and ${issuedAt}::timestamptz <= restored_at
      )
      select
        exists (select from epochs) as lost,
        exists (select from holdfast_recovery.revoked_sessions where session_id = ${claims.familyId})
          or exists (select from sessions where id = ${claims.familyId} and revoked_at is not null) as revoked,
        exists (select from users where id = ${claims.userId}) as "accountExists",
        exists (
          select from users where id = ${claims.userId} and status = 'active' and deleted_at is null
        ) as "accountActive",
        exists (
          select from epochs
          where lost_from < ${created}::timestamptz
            and not exists (
              select from audit_log
              where (actor_id = ${claims.userId} or (subject_type = 'user' and subject_id = ${claims.userId}::text))
                and occurred_at <= restored_to
            )
        ) as "accountLost"
    `.named('recovery_state'),
  );
}

/**
 * Rebuilds session and family of a genuine token, as if it had just been issued: its generation becomes the current
 * one. Of several at once the furthest generation stays. @returns whether this call changed anything.
 */
export async function adoptFamily(
  tx: Transaction,
  claims: RefreshClaims,
  refreshTtlMs: number,
): Promise<boolean> {
  const absolute = new Date(claims.absoluteExpiry);
  await tx.execute(
    sql`
      insert into sessions (id, user_id, client_id, amr, expires_at, created_by, modified_by)
      values (${claims.familyId}, ${claims.userId}, 'recovered', '{}', ${absolute}, ${claims.userId}, ${claims.userId})
      on conflict (id) do nothing
    `.named('session_adopt'),
  );
  const changed = await tx.execute(
    sql`
      insert into refresh_tokens as family
        (session_id, user_id, generation, rotated_at, expires_at, absolute_expires_at)
      values (${claims.familyId}, ${claims.userId}, ${claims.generation}, ${new Date(claims.issuedAt)},
        least(now() + ${refreshTtlMs} * interval '1 millisecond', ${absolute}::timestamptz), ${absolute})
      on conflict (session_id) do update
        set generation = excluded.generation, rotated_at = excluded.rotated_at, previous_rotations = '{}',
          expires_at = excluded.expires_at
        where family.generation < excluded.generation and family.revoked_at is null
          and family.user_id = excluded.user_id
    `.named('family_adopt'),
  );
  return changed === 1;
}
