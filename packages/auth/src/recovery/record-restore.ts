import { HoldfastError } from '@holdfast/core';
import type { Connection } from '@holdfast/postgres';
import { insertAudit, SYSTEM_ACTOR } from '../audit/index.ts';
import { applyRevocations, insertEpoch, type RestoreEpoch } from './recovery-queries.ts';
import type { JournalEntry } from './revocation-journal.ts';

export interface RecordedRestore {
  readonly epoch: RestoreEpoch;
  /** Journal entries that fell into the lost time, and were applied. */
  readonly revocations: number;
}

/** A revocation reaches the journal before the database, so one shortly before the point may be missing in it. */
const SAFETY_MARGIN_MS = 3_600_000;

/**
 * Ends a restore: applies the revocations that the restored database does not know, and records which time was lost, in
 * one transaction, so that no token is believed before the revocations are in force.
 * @throws HoldfastError `invalid_request` when the times are not in order.
 */
export async function recordRestore(
  connection: Connection,
  restore: { readonly restoredTo: Date; readonly restoredAt: Date; readonly note: string },
  journal: readonly JournalEntry[],
): Promise<RecordedRestore> {
  const { restoredTo, restoredAt, note } = restore;
  if (!(restoredTo.getTime() <= restoredAt.getTime())) {
    throw new HoldfastError(
      'invalid_request',
      'The point restored to must not be later than the restore itself.',
    );
  }
  const entries = lostRevocations(journal, restoredTo);
  return connection.transaction(async tx => {
    await applyRevocations(tx, entries);
    const epoch = await insertEpoch(tx, { restoredTo, restoredAt, note });
    const details = { restoredTo, restoredAt, revocations: entries.length };
    const event = { action: 'database.restored', subjectType: 'database', subjectId: epoch.id, details };
    await insertAudit(tx, SYSTEM_ACTOR, event);
    return { epoch, revocations: entries.length };
  });
}

/** The entries of a journal that a database restored to this point may not know. */
export function lostRevocations(journal: readonly JournalEntry[], restoredTo: Date): JournalEntry[] {
  return journal.filter(entry => Date.parse(entry.at) >= restoredTo.getTime() - SAFETY_MARGIN_MS);
}
