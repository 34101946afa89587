import { type Connection, type Queryable, sql, type Transaction } from '@holdfast/postgres';
import { hasLedgerTable, PROTECT_LEDGER } from './ledger-schema.ts';

/**
 * What somebody decided about the ledger, which nothing in the files would explain later.
 * - `baseline`: recorded as applied without being run.
 * - `accept_edit`: an edited file is taken for the one that was applied.
 * - `mark_applied`, `mark_pending`: a half-done migration was finished, or undone, by hand.
 * - `forget`: the row of a file that is gone was removed.
 */
export interface Decision {
  readonly version: string;
  readonly action: 'baseline' | 'accept_edit' | 'mark_applied' | 'mark_pending' | 'forget';
  readonly reason: string;
  /** The checksum of the ledger before and after; null where there is none. */
  readonly checksumBefore: string | null;
  readonly checksumAfter: string | null;
  readonly decidedAt: Date;
  /** The role that was logged in. */
  readonly decidedBy: string;
  readonly toolVersion: string;
}

const CREATE = `
create table if not exists holdfast_ledger.decisions (
  id bigint generated always as identity primary key,
  version text not null,
  action text not null check (action in ('baseline', 'accept_edit', 'mark_applied', 'mark_pending', 'forget')),
  reason text not null,
  checksum_before text,
  checksum_after text,
  decided_at timestamptz not null default now(),
  decided_by text not null default session_user,
  tool_version text not null
);
${PROTECT_LEDGER}
`;

/** Creates the table of decisions, which ledgers made by older versions lack. Call it while holding the migration lock. */
export async function ensureDecisions(connection: Connection): Promise<void> {
  if (await hasDecisions(connection)) return;
  await connection.script(CREATE);
}

export async function insertDecision(
  tx: Transaction,
  decision: Omit<Decision, 'decidedAt' | 'decidedBy'>,
): Promise<void> {
  const { version, action, reason, checksumBefore, checksumAfter, toolVersion } = decision;
  await tx.execute(sql`
    insert into holdfast_ledger.decisions (version, action, reason, checksum_before, checksum_after, tool_version)
    values (${version}, ${action}, ${reason}, ${checksumBefore}, ${checksumAfter}, ${toolVersion})
  `);
}

/** All decisions, the oldest first; none where there is no table of them. */
export async function listDecisions(db: Queryable): Promise<Decision[]> {
  if (!(await hasDecisions(db))) return [];
  return db.many(sql<Decision>`
    select version, action, reason, checksum_before as "checksumBefore", checksum_after as "checksumAfter",
      decided_at as "decidedAt", decided_by as "decidedBy", tool_version as "toolVersion"
    from holdfast_ledger.decisions
    order by id
  `);
}

function hasDecisions(db: Queryable): Promise<boolean> {
  return hasLedgerTable(db, 'decisions');
}
