import { type JournalEntry, recordRestoreIn } from '@holdfast/auth';
import { sql, type Transaction } from '@holdfast/postgres';

export interface SessionRecovery {
  /** The moment that the rows are of. */
  readonly restoredTo: Date;
  /** The revocation journal, which is outside of the database. */
  readonly journal: readonly JournalEntry[];
}

interface TableName {
  readonly schema: string;
  readonly name: string;
}

/** Sessions go with their users. */
const OF_SESSIONS = ['users', 'sessions', 'refresh_tokens'];

/**
 * When users, sessions or their tokens came back: ends those again that were ended since, and records which time they lack, so that
 * tokens from that time are believed. In the transaction that brings them, so that nobody sees them without.
 */
export function recoverSessions(
  { restoredTo, journal }: SessionRecovery,
  note: string,
): (tx: Transaction, tables: readonly TableName[]) => Promise<readonly string[]> {
  return async (tx, tables) => {
    const touched = tables.some(({ schema, name }) => schema === 'public' && OF_SESSIONS.includes(name));
    if (!touched || !(await hasEpochs(tx))) return [];
    const { now } = await tx.one(sql<{ now: Date }>`select pg_catalog.clock_timestamp() as now`);
    const { revocations } = await recordRestoreIn(tx, { restoredTo, restoredAt: now, note }, journal);
    const ended = `${revocations.length} that had ended since ${revocations.length === 1 ? 'is' : 'are'} ended again`;
    return [`which time sessions lack is recorded, from ${restoredTo.toISOString()} on; ${ended}`];
  };
}

/** Another application may have tables of these names. */
async function hasEpochs(tx: Transaction): Promise<boolean> {
  const { found } = await tx.one(
    sql<{
      found: boolean;
    }>`select pg_catalog.to_regclass('holdfast_recovery.restore_epochs') is not null as found`,
  );
  return found;
}
