import { advisoryLockKey, type Queryable, sql } from '@holdfast/postgres';
import { isAdvisoryLockHeld } from '../../migrate/ledger-queries.ts';
import { type LedgerRow, leftNothing } from '../../migrate/ledger-row.ts';
import { hasLedger, readLedger } from '../../migrate/ledger-schema.ts';
import { MIGRATION_LOCK } from '../../migrate/with-migration-lock.ts';
import { findSnapshotOf } from './ledger-snapshot.ts';
import type { StoredCatalog } from './snapshot-file.ts';

/**
 * What the ledger knows of the schema.
 * - `stored`: its last snapshot, of the last state that was complete. `notes`: what has happened to the schema since, and how the
 *   last run ended, when it did not end well.
 * - `not_stored`: migrations are applied or half done, and no run got as far as to store a snapshot.
 * - `nothing_applied`: there is a ledger, and no migration in it that left anything; a seed makes one, and so does a failed run.
 * - `no_ledger`: the database was never migrated or seeded.
 */
export type LedgerMemory =
  | {
      readonly state: 'stored';
      readonly snapshot: StoredCatalog;
      /** Of the migration that it was stored after. */
      readonly version: string;
      readonly notes: readonly string[];
    }
  | {
      readonly state: 'not_stored';
      readonly applied: readonly string[];
      readonly notes: readonly string[];
    }
  | {
      readonly state: 'nothing_applied';
      readonly seeded: boolean;
      readonly notes: readonly string[];
    }
  | { readonly state: 'no_ledger' };

/** Finds the last snapshot that still says something: of the newest migration that is applied, or was before its rollback began. */
export async function readLedgerMemory(db: Queryable): Promise<LedgerMemory> {
  if (!(await hasLedger(db))) return { state: 'no_ledger' };
  const rows = await readLedger(db);
  const running = await isAdvisoryLockHeld(db, advisoryLockKey(MIGRATION_LOCK));
  const notes = rows.flatMap(row => noteOf(row, running));
  if (rows.every(leftNothing)) return { state: 'nothing_applied', seeded: await hasSeeds(db), notes };
  const since: string[] = [];
  for (const row of rows.toReversed()) {
    const snapshot = row.chain === null ? undefined : await findSnapshotOf(db, row.chain);
    if (snapshot !== undefined) {
      return { state: 'stored', snapshot, version: row.version, notes: [...sinceNotes(since), ...notes] };
    }
    if (row.state === 'applied') since.unshift(row.version);
  }
  return { state: 'not_stored', applied: since, notes };
}

async function hasSeeds(db: Queryable): Promise<boolean> {
  const { found } = await db.one(
    sql<{ found: boolean }>`select exists (select from holdfast_ledger.seeds) as found`,
  );
  return found;
}

function sinceNotes(versions: readonly string[]): string[] {
  if (versions.length === 0) return [];
  return [
    `The run that applied ${versions.join(', ')} was interrupted before it stored a snapshot, so what they changed shows as a difference.`,
  ];
}

function noteOf(row: LedgerRow, running: boolean): string[] {
  const label = row.name === '' ? row.version : `${row.version}_${row.name}`;
  if (leftNothing(row)) {
    if (row.failure === null) return [];
    const how = row.failure.interrupted === true ? 'was interrupted' : 'failed';
    return [`The last attempt at ${label} ${how}; nothing of it is applied.`];
  }
  if (row.state === 'applied') return [];
  const way = row.state === 'reverting' ? 'rolled back' : 'applied';
  const how = running ? `is being ${way} at this moment` : `was being ${way} when the last run was stopped`;
  return [
    `${label} ${how}, before statement ${(row.nextStatement ?? 0) + 1} of ${row.statementCount ?? 0}; what it did so far shows as a difference.`,
  ];
}
