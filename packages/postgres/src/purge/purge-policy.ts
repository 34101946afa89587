import type { SqlQuery } from '../sql.ts';

/** Which rows of a table outlive their use, and for how long they are kept after that. */
export interface PurgePolicy {
  /** What it is called in reports and in a policy file. Unique. */
  readonly name: string;
  /** What goes, in a few words: `sessions that ended or expired`. */
  readonly what: string;
  readonly schema: string;
  readonly table: string;
  /** The columns that the condition reads; where one of them is missing, the policy does not apply. */
  readonly columns: readonly string[];
  /**
   * `expired`: of no use to anybody. `deleted`: marked as deleted, can still be restored. `record`: a record of what
   * happened. The last two go only when somebody confirms it.
   */
  readonly kind: 'expired' | 'deleted' | 'record';
  /** Milliseconds; `run`: as long as the run says; `never`: it is kept until a retention is set. */
  readonly retentionMs: number | 'run' | 'never';
  /** Rows are kept for at least this long, whatever anybody asks for; and why. */
  readonly atLeast?: { readonly ms: number; readonly because: string };
  /** The condition under which a row goes; `row` is what it is called, `cutoff` the time that it has to have ended before. */
  readonly condition: (row: SqlQuery<never>, cutoff: SqlQuery<unknown>) => SqlQuery<unknown>;
  /** Assignments: the row stays and only loses something. Without them it is deleted. */
  readonly clear?: SqlQuery<unknown>;
  /** Tables of the same schema whose rows are parts of these rows and go with them (`on delete cascade`). */
  readonly owns?: readonly string[];
}

/** Rows of one table that may go now. */
export interface Purge {
  readonly schema: string;
  readonly table: string;
  readonly condition: (row: SqlQuery<never>) => SqlQuery<unknown>;
  readonly clear?: SqlQuery<unknown> | undefined;
}
