import type { Catalog } from '@holdfast/postgres';

/** What the schema should be. */
export interface ExpectedCatalog {
  readonly catalog: Catalog;
  /** The schemas it speaks of. */
  readonly schemas: readonly string[] | 'all';
  /** Where it comes from, for the reader. */
  readonly description: string;
  /** What to know about it. */
  readonly notes: readonly string[];
}
