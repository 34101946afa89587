import { advisoryLockKey, type Queryable } from '@holdfast/postgres';
import { compareLedger, type MigrationEntry } from './compare-ledger.ts';
import { type Decision, listDecisions } from './decision-queries.ts';
import { type ForeignLedger, findForeignLedger } from './foreign-ledger.ts';
import { isAdvisoryLockHeld, listLedger } from './ledger-queries.ts';
import { leftNothing } from './ledger-row.ts';
import { hasLedger } from './ledger-schema.ts';
import type { Migration } from './migration.ts';
import { MIGRATION_LOCK } from './with-migration-lock.ts';

export interface MigrationStatus {
  /** Whether this database was ever migrated by this tool. */
  readonly ledger: boolean;
  /** Whether a runner is at work at this moment: what looks half-done may just be in progress. */
  readonly running: boolean;
  /** Every version known from a file or from the ledger, in order. */
  readonly entries: readonly MigrationEntry[];
  readonly counts: Readonly<Record<MigrationEntry['state'], number>>;
  /** The last version that is applied. */
  readonly version: string | undefined;
  /** What was decided about the ledger by hand, the oldest first. */
  readonly decisions: readonly Decision[];
  /** What another tool says it has applied, while this one has not applied anything. */
  readonly foreign: ForeignLedger | undefined;
  /** Every file is applied, and nothing else. */
  readonly upToDate: boolean;
}

/** What is applied, pending, half-done or contradictory. Reads only; needs no more than the right to connect. */
export async function migrationStatus(
  db: Queryable,
  migrations: readonly Migration[],
): Promise<MigrationStatus> {
  const ledger = await hasLedger(db);
  const rows = ledger ? await listLedger(db) : [];
  const entries = compareLedger(migrations, rows);
  const counts = { applied: 0, pending: 0, failed: 0, half_done: 0, tampered: 0 };
  for (const { state } of entries) counts[state]++;
  return {
    ledger,
    running: await isAdvisoryLockHeld(db, advisoryLockKey(MIGRATION_LOCK)),
    entries,
    counts,
    version: entries.findLast(({ state }) => state === 'applied')?.version,
    decisions: await listDecisions(db),
    foreign: rows.every(leftNothing) ? await findForeignLedger(db) : undefined,
    upToDate: counts.applied === entries.length,
  };
}
