import type { SqlQuery } from '@holdfast/postgres';
import type { Relation, RelationIndex } from './relation.ts';

/**
 * What becomes of rows: `missing` inserts those whose key is not there; `overwrite` also gives those that differ the backup's
 * values; `exact` also deletes those that the backup does not have.
 */
export type TableRestoreMode = 'missing' | 'overwrite' | 'exact';

/** How a row of the backup is found among the live ones. */
export type RowMatch =
  | { readonly kind: 'key'; readonly index: RelationIndex; readonly columns: readonly string[] }
  /** There is no key: as many equal rows as in the backup. */
  | { readonly kind: 'rows' };

/** One table on its way, with the temporary tables of this transaction that hold what is to be done. */
export interface PlannedTable {
  readonly position: number;
  readonly relation: Relation;
  /** `parent`: nobody asked for it; only rows that others need are brought along. */
  readonly role: 'selected' | 'parent';
  readonly mode: TableRestoreMode;
  readonly match: RowMatch;
  /** Those that both sides have and that can be written, by name. */
  readonly columns: readonly string[];
  readonly condition: SqlQuery<never> | undefined;
  /** It is not in the live database and is made by this restore. */
  readonly created: boolean;
  readonly notes: string[];
}

/** What a restore of one table comes to. All numbers are exact. */
export interface TableRestorePlan {
  readonly schema: string;
  readonly name: string;
  readonly role: PlannedTable['role'];
  /** True when the table itself was gone. */
  readonly created: boolean;
  /** The name of the key that rows are matched by; null: by all of their values. */
  readonly matchedBy: string | null;
  readonly inserts: number;
  readonly updates: number;
  readonly deletes: number;
  /** Rows of the backup that are in the live table with the same values. */
  readonly unchanged: number;
  /** Rows of the backup that are in the live table with other values and stay so, as `missing` leaves them. */
  readonly differing: number;
  readonly conflicts: readonly RowConflict[];
  readonly samples: readonly RowSample[];
  /** What the reader should know: columns that changed, generated ones, triggers. */
  readonly notes: readonly string[];
}

export type ConflictKind =
  | 'unique'
  | 'exclusion'
  | 'check'
  | 'not null'
  | 'missing parent'
  | 'referenced'
  | 'identity'
  | 'duplicate key';

/** Rows that cannot be brought back as they are. */
export interface RowConflict {
  readonly kind: ConflictKind;
  /** The constraint, index or column. */
  readonly subject: string;
  readonly rows: number;
  readonly message: string;
  /** Whether leaving out these rows lets the others through. */
  readonly canSkip: boolean;
}

/** One row before and after, as PostgreSQL writes the values; null for NULL. */
export interface RowSample {
  readonly action: 'insert' | 'update' | 'delete';
  readonly key: Readonly<Record<string, string | null>>;
  /** Of an update only the columns that change. */
  readonly before: Readonly<Record<string, string | null>> | null;
  readonly after: Readonly<Record<string, string | null>> | null;
}

/** What a restore of tables did, or would do. */
export interface TableRestore {
  /** `refused`: rows stand in the way, see the conflicts. Nothing was changed unless it is `restored`. */
  readonly outcome: 'planned' | 'restored' | 'refused';
  /** For `undoTableRestore`; null when nothing was kept for it. */
  readonly id: string | null;
  /** Those asked for first, then parents that are brought along. */
  readonly tables: readonly TableRestorePlan[];
  /** Everything that is made besides rows, when a table was gone: `table public.users`, `index public.users_email`. */
  readonly created: readonly string[];
  /** `public.users_id_seq`, moved past the rows that came back. */
  readonly sequences: readonly string[];
  readonly notes: readonly string[];
}
