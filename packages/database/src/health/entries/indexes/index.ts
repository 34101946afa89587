import type { HealthEntry } from '../../entry.ts';
import { duplicateIndexes } from './duplicate-indexes.ts';
import { invalidIndex } from './invalid-index.ts';
import { mostlyNullIndex } from './mostly-null-index.ts';
import { noPrimaryKey } from './no-primary-key.ts';
import { unindexedForeignKeys } from './unindexed-foreign-keys.ts';
import { unusedIndexes } from './unused-indexes.ts';

/** Entries 27 to 32: indexes that are broken, superfluous or missing. */
export const INDEXES: readonly HealthEntry[] = [
  invalidIndex,
  unusedIndexes,
  duplicateIndexes,
  mostlyNullIndex,
  unindexedForeignKeys,
  noPrimaryKey,
];
