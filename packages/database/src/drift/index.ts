/**
 * Drift: whether a database is what it should be. `diffCatalogs` and `reconcile` are pure and take two catalogs; the rest finds
 * out what is expected. docs/drift.md says what is compared and how.
 */

export { describeDifference, describeWithConsequences, valueText } from './diff/describe-difference.ts';
export { type CatalogPair, type CompareOptions, diffCatalogs } from './diff/diff-catalogs.ts';
export type { Difference, Drift } from './diff/difference.ts';
export { type MissingObject, missingObjects } from './diff/missing-objects.ts';
export { type BuildOptions, catalogOfMigrations } from './expected/catalog-of-migrations.ts';
export { chooseScope } from './expected/choose-scope.ts';
export { type LedgerMemory, readLedgerMemory } from './expected/last-snapshot.ts';
export { findLedgerSnapshot } from './expected/ledger-snapshot.ts';
export { findMigratingRole } from './expected/migrating-role.ts';
export {
  readSnapshotFile,
  type SnapshotFile,
  type StoredCatalog,
  writeSnapshotFile,
} from './expected/snapshot-file.ts';
export { refuseUnknownSchemas } from './expected/unknown-schemas.ts';
export { displayName, type ObjectType, type PropertyValue } from './objects/schema-object.ts';
export {
  type ReconcileOptions,
  type Reconciliation,
  reconcile,
  reconcilePart,
} from './reconcile/reconcile.ts';
