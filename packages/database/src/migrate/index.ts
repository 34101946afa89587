/**
 * Migrations.
 *
 * Files: `NNNN_name.sql` in dbmate's format, or pairs `NNNN_name.up.sql` and `NNNN_name.down.sql`. Versions are compared as numbers
 * and may have gaps; they are applied in their order only, so a new file before an applied one is refused.
 *
 * Ledger: schema holdfast_ledger. Each row holds the SHA-256 of its file, read as UTF-8 without byte order mark and with line feeds
 * (so a checkout with other line endings is the same file), and a chain hash over all before it. Files that were edited, removed
 * or inserted are named before anything runs.
 *
 * Crashes: a section runs in one transaction with its ledger row. A `transaction:false` section runs statement by statement, each
 * with the ledger in one transaction where PostgreSQL allows; where it does not, the ledger says beforehand which statement is in
 * doubt. What the catalog or repetition can settle is taken up again; the rest waits for a decision.
 */
export type { ScratchOptions } from '../scratch/scratch-place.ts';
export type { AppliedMigration } from './apply-migration.ts';
export { type Baseline, type BaselineOptions, baseline } from './baseline.ts';
export type { ResumeAt } from './check-entries.ts';
export type { AppliedFacts, HalfDoneFacts, MigrationEntry, TamperProblem } from './compare-ledger.ts';
export type { DataLoss } from './data-loss.ts';
export type { Decision } from './decision-queries.ts';
export { refuseForeignDatabase } from './foreign-database.ts';
export type { ForeignLedger } from './foreign-ledger.ts';
export type { LedgerFailure } from './ledger-row.ts';
export { type MigrateDownOptions, migrateDown, type RollbackRun } from './migrate-down.ts';
export { type MigrateUpOptions, type MigrationRun, migrateUp } from './migrate-up.ts';
export type { Migration, MigrationScript } from './migration.ts';
export { type MigrationStatus, migrationStatus } from './migration-status.ts';
export { newMigration } from './new-migration.ts';
export { readMigrations } from './read-migrations.ts';
export { type LedgerRepair, type Repair, type RepairOptions, repairLedger } from './repair.ts';
export { planRepair, type RepairCase, type RepairChoice } from './repair-plan.ts';
export type { RevertedMigration } from './revert-migration.ts';
export type { MigrationProgress, RunOptions } from './run-context.ts';
export { refuseUnknownSchemas } from './unknown-schemas.ts';
export {
  type Verification,
  type VerifyFinding,
  type VerifyOptions,
  verifyMigrations,
} from './verify-migrations.ts';
