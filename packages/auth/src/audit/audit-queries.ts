import { newId } from '@holdfast/core';
import { type Queryable, type SqlQuery, sql } from '@holdfast/postgres';
import type { Actor } from './actor.ts';

/** What happened to what. `action` is `noun.verb`, in the past tense: `user.created`, `session.revoked`. */
export interface AuditEvent {
  readonly action: string;
  readonly subjectType: string;
  readonly subjectId: string | null;
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface AuditEntry {
  readonly id: string;
  /** The order of writing; the cursor of a page is the position of its last entry. */
  readonly position: number;
  readonly occurredAt: Date;
  readonly actorType: Actor['type'];
  readonly actorId: string | null;
  readonly action: string;
  readonly subjectType: string;
  readonly subjectId: string | null;
  readonly sessionId: string | null;
  readonly requestId: string | null;
  readonly address: string | null;
  readonly details: Record<string, unknown>;
}

/** Writes one audit row; call it inside the transaction of the change it records. */
export async function insertAudit(db: Queryable, actor: Actor, event: AuditEvent): Promise<void> {
  await db.execute(
    sql`
      insert into audit_log
        (id, actor_type, actor_id, action, subject_type, subject_id, session_id, request_id, address, details)
      values (${newId()}, ${actor.type}, ${actor.id}, ${event.action}, ${event.subjectType}, ${event.subjectId},
        ${actor.sessionId ?? null}, ${actor.requestId ?? null}, ${actor.address ?? null}::inet,
        ${JSON.stringify(event.details ?? {})}::jsonb)
    `.named('audit_insert'),
  );
}

/** The same row as a part of a larger statement: one for each row of `source` that has `subject_id`. */
export function auditRowsFrom(
  source: SqlQuery<unknown>,
  actor: Actor,
  event: Omit<AuditEvent, 'subjectId'>,
): SqlQuery<unknown> {
  return sql`
    insert into audit_log
      (id, actor_type, actor_id, action, subject_type, subject_id, session_id, request_id, address, details)
    select gen_random_uuid(), ${actor.type}, ${actor.id}::uuid, ${event.action}, ${event.subjectType}, source.subject_id,
      ${actor.sessionId ?? null}::uuid, ${actor.requestId ?? null}, ${actor.address ?? null}::inet,
      ${JSON.stringify(event.details ?? {})}::jsonb
    from (${source}) as source
  `;
}

export interface AuditFilter {
  readonly actorId?: string | undefined;
  readonly action?: string | undefined;
  readonly subjectType?: string | undefined;
  readonly subjectId?: string | undefined;
  readonly requestId?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  /** The position of the last entry of the page before. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** Audit rows, newest first. Filters that are absent do not restrict. `action` may end in `.*`. */
export function listAudit(db: Queryable, filter: AuditFilter): Promise<AuditEntry[]> {
  const conditions = auditConditions(filter);
  const where = conditions.length === 0 ? sql`` : sql`where ${sql.join(conditions, ' and ')}`;
  return db.many(sql<AuditEntry>`
    select id, position, occurred_at as "occurredAt", actor_type as "actorType", actor_id as "actorId", action,
      subject_type as "subjectType", subject_id as "subjectId", session_id as "sessionId",
      request_id as "requestId", host(address) as address, details
    from audit_log
    ${where}
    order by position desc
    limit ${filter.limit}
  `);
}

function auditConditions(filter: AuditFilter): SqlQuery<unknown>[] {
  const { actorId, action, subjectType, subjectId, requestId, from, to, before } = filter;
  const prefix = action?.endsWith('.*') ? action.slice(0, -1) : undefined;
  return [
    actorId === undefined ? undefined : sql`actor_id = ${actorId}`,
    action === undefined || prefix !== undefined ? undefined : sql`action = ${action}`,
    prefix === undefined ? undefined : sql`starts_with(action, ${prefix})`,
    subjectType === undefined ? undefined : sql`subject_type = ${subjectType}`,
    subjectId === undefined ? undefined : sql`subject_id = ${subjectId}`,
    requestId === undefined ? undefined : sql`request_id = ${requestId}`,
    from === undefined ? undefined : sql`occurred_at >= ${from}`,
    to === undefined ? undefined : sql`occurred_at < ${to}`,
    before === undefined ? undefined : sql`position < ${before}`,
  ].filter(condition => condition !== undefined);
}
