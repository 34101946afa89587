import type { SqlQuery } from '../sql.ts';
import type { CopyValue } from './copy-text.ts';

/** Where rows of a bulk write go, and what happens to one whose place is taken. */
export interface BulkTable {
  /** The table, with its schema in front where that is not on the search path. */
  readonly table: readonly [string, ...string[]];
  /** The columns that every row gives, in the order of its values. */
  readonly columns: readonly string[];
  /** Columns with one value for all rows, such as `created_by` and `modified_by`. */
  readonly constants?: Readonly<Record<string, CopyValue>>;
  /** One of `columns` that is different in every row; rows whose place is taken are then found all at once. */
  readonly key?: string;
  /** Default `refuse`. */
  readonly conflict?: BulkConflict;
}

/**
 * `refuse`: a row that violates a unique constraint is a problem. `skip`: it is left out and counted. In both cases rows
 * that are marked deleted take no place, provided that the unique index leaves them out (`where deleted_at is null`).
 */
export type BulkConflict = 'refuse' | 'skip' | BulkUpdate;

/** The row that is there gets the new values. */
export interface BulkUpdate {
  /** What stands behind `on conflict`: `(id)`, `(lower(email)) where deleted_at is null`. */
  readonly on: SqlQuery<unknown>;
  /** The columns that are overwritten. */
  readonly set: readonly string[];
  /** Whether rows that are marked deleted are overwritten, too. Default false: they stay, and count as conflicts. */
  readonly includeDeleted?: boolean;
}

/** One row, and where it stands in the input. */
export interface BulkRow {
  readonly line: number;
  readonly values: readonly CopyValue[];
}

/** A row that was left out because of what it holds. */
export interface BulkProblem {
  readonly line: number;
  /** PostgreSQL manual, appendix A; undefined for what cannot even be sent, such as a NUL character. */
  readonly sqlState: string | undefined;
  readonly message: string;
  readonly constraint: string | undefined;
  readonly column: string | undefined;
}

/** What became of some rows. */
export interface BulkOutcome {
  /** The rows that are in the table now: new ones, and with `conflict.set` updated ones. */
  readonly written: readonly BulkRow[];
  /** The lines of rows that were left out because their place is taken (`skip`, or a deleted row with `set`). */
  readonly conflicts: readonly number[];
  readonly problems: readonly BulkProblem[];
}
