import { HoldfastError } from '@holdfast/core';
import type { Connection, Queryable, Transaction } from '@holdfast/postgres';
import { insertAudit, SYSTEM_ACTOR } from '../audit/index.ts';
import { applyRevocations, insertEpoch, type RestoreEpoch, unknownRevocations } from './recovery-queries.ts';
import type { JournalEntry } from './revocation-journal.ts';

export interface RecordedRestore {
  readonly epoch: RestoreEpoch;
  /** Journal entries that the database did not know, and that were applied. */
  readonly revocations: readonly JournalEntry[];
}

/** A revocation reaches the journal before the database, so one shortly before the point may be missing in it. */
const SAFETY_MARGIN_MS = 3_600_000;

interface Restore {
  readonly restoredTo: Date;
  readonly restoredAt: Date;
  readonly note: string;
}

/**
 * Ends a restore: applies the revocations that the restored database does not know, and records which time was lost, in
 * one transaction, so that no token is believed before the revocations are in force.
 * @throws HoldfastError `invalid_request` when the times are not in order.
 */
export function recordRestore(
  connection: Connection,
  restore: Restore,
  journal: readonly JournalEntry[],
): Promise<RecordedRestore> {
  return connection.transaction(tx => recordRestoreIn(tx, restore, journal));
}

/** The same within the transaction that brings the rows back. */
export async function recordRestoreIn(
  tx: Transaction,
  { restoredTo, restoredAt, note }: Restore,
  journal: readonly JournalEntry[],
): Promise<RecordedRestore> {
  if (!(restoredTo.getTime() <= restoredAt.getTime())) {
    throw new HoldfastError(
      'invalid_request',
      'The point restored to must not be later than the restore itself.',
    );
  }
  const entries = await lostRevocations(tx, journal, restoredTo);
  await applyRevocations(tx, entries);
  const epoch = await insertEpoch(tx, { restoredTo, restoredAt, note });
  const details = { restoredTo, restoredAt, revocations: entries.length };
  const event = { action: 'database.restored', subjectType: 'database', subjectId: epoch.id, details };
  await insertAudit(tx, SYSTEM_ACTOR, event);
  return { epoch, revocations: entries };
}

/** The entries of a journal that a database restored to this point does not know, in the order of time. */
export function lostRevocations(
  db: Queryable,
  journal: readonly JournalEntry[],
  restoredTo: Date,
): Promise<JournalEntry[]> {
  const from = restoredTo.getTime() - SAFETY_MARGIN_MS;
  const entries = journal.filter(({ at }) => Date.parse(at) >= from);
  return unknownRevocations(db, entries);
}
