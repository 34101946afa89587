/**
 * Drift: whether a database is what it should be. `diffCatalogs` and `reconcile` are pure and take two catalogs; the rest finds
 * out what is expected. docs/drift.md says what is compared and how.
 */

export { describeDifference } from './diff/describe-difference.ts';
export { type CatalogPair, type CompareOptions, diffCatalogs } from './diff/diff-catalogs.ts';
export type { Difference, Drift } from './diff/difference.ts';
export { type BuildOptions, catalogOfMigrations } from './expected/catalog-of-migrations.ts';
export { findLedgerSnapshot } from './expected/ledger-snapshot.ts';
export { findMigratingRole } from './expected/migrating-role.ts';
export {
  readSnapshotFile,
  type SnapshotFile,
  type StoredCatalog,
  writeSnapshotFile,
} from './expected/snapshot-file.ts';
export type { ObjectType, PropertyValue } from './objects/schema-object.ts';
export { type ReconcileOptions, type Reconciliation, reconcile } from './reconcile/reconcile.ts';
