import { isTransaction, type Queryable, sql } from '@holdfast/postgres';
import { type Actor, auditRowsFrom } from '../audit/index.ts';
import type { RevocationJournal } from '../recovery/revocation-journal.ts';
import { REVOCATION_CHANNEL, type RevocationReason } from './session-queries.ts';

/** Which sessions to revoke: exactly one, of a user or of anybody; all of a user, or all but one. */
export type SessionSelection =
  | { readonly sessionId: string; readonly userId?: string }
  | { readonly userId: string; readonly except?: string };

export interface Revocation {
  readonly reason: RevocationReason;
  readonly actor: Actor;
}

/**
 * Ends the selected live sessions with their refresh token families, writes the audit rows and announces each id.
 * Revoking what is revoked does nothing. The journal is written first: a revocation that was acknowledged is never
 * forgotten, not even by a restore; one that failed half-way is at most remembered too well.
 * @returns the ids that were live before.
 * @throws HoldfastError `journal_unavailable`; then nothing was revoked.
 */
export type RevokeSessions = (
  db: Queryable,
  selection: SessionSelection,
  revocation: Revocation,
) => Promise<string[]>;

export interface RevokerOptions {
  /**
   * Told of the revoked sessions when that is final: after the commit of a transaction. Beside the database's own
   * notifications, and therefore not waited for.
   */
  readonly announce?: ((sessionIds: readonly string[]) => void) | undefined;
}

export function createRevoker(
  journal: Pick<RevocationJournal, 'append'>,
  { announce }: RevokerOptions = {},
): RevokeSessions {
  return async (db, selection, revocation) => {
    const live = await findLive(db, selection);
    if (live.length === 0) return [];
    await journal.append(
      live.map(({ id, now }) => ({ at: now.toISOString(), sessionId: id, reason: revocation.reason })),
    );
    const ids = await updateRevoked(
      db,
      live.map(({ id }) => id),
      revocation,
    );
    if (announce !== undefined && ids.length > 0) {
      if (isTransaction(db)) db.afterCommit(() => announce(ids));
      else announce(ids);
    }
    return ids;
  };
}

function findLive(db: Queryable, selection: SessionSelection): Promise<{ id: string; now: Date }[]> {
  return db.many(sql<{ id: string; now: Date }>`
    select id, now() as now from sessions where revoked_at is null and ${selectionCondition(selection)}
  `);
}

function selectionCondition(selection: SessionSelection) {
  if ('sessionId' in selection) {
    const { sessionId, userId } = selection;
    return userId === undefined ? sql`id = ${sessionId}` : sql`id = ${sessionId} and user_id = ${userId}`;
  }
  const { userId, except } = selection;
  return except === undefined ? sql`user_id = ${userId}` : sql`user_id = ${userId} and id <> ${except}`;
}

async function updateRevoked(
  db: Queryable,
  ids: readonly string[],
  revocation: Revocation,
): Promise<string[]> {
  const { reason, actor } = revocation;
  const action = reason === 'refresh_token_reused' ? 'session.reuse_detected' : 'session.revoked';
  const rows = await db.many(
    sql<{ id: string }>`
      with revoked as (
        update sessions
        set revoked_at = now(), revoked_by = ${actor.id}::uuid, revocation_reason = ${reason},
          modified_at = now(), modified_by = ${actor.id}::uuid
        where id = any(${ids}::uuid[]) and revoked_at is null
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
    `.named('sessions_revoke'),
  );
  return rows.map(row => row.id);
}
