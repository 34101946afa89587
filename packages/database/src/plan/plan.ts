import type { Blocked, LintFinding, LockMode } from '../lint/finding.ts';

/** A lock that a statement added, or made stronger. */
export interface PlannedLock {
  /** `schema.name` */
  readonly relation: string;
  readonly mode: LockMode;
  /** Whom it keeps waiting until the end of the transaction. */
  readonly blocks: Blocked;
}

/** A table that a statement locks, reads or writes. */
export interface PlannedTable {
  readonly relation: string;
  /** As last counted by ANALYZE or VACUUM; null when never. */
  readonly rows: number | null;
  /** With its indexes. */
  readonly bytes: number;
}

/**
 * How a statement fared in the dry run.
 * - `run`: it ran; what it did is what it will do.
 * - `predicted`: it cannot run inside a transaction; what is said of it follows from PostgreSQL's rules.
 * - `failed`: it fails, and so will the migration.
 * - `too_long`: it was stopped after `limitMs`, so that its locks would not be held any longer.
 * - `not_run`: a statement before it failed or was stopped.
 */
export type PlannedOutcome =
  | { readonly kind: 'run' }
  | { readonly kind: 'predicted'; readonly reason: string }
  | { readonly kind: 'failed'; readonly message: string; readonly sqlState: string | null }
  | { readonly kind: 'too_long'; readonly limitMs: number }
  | { readonly kind: 'not_run' };

export interface PlannedStatement {
  /** From 1. */
  readonly statement: number;
  readonly line: number;
  readonly column: number;
  readonly summary: string;
  readonly outcome: PlannedOutcome;
  readonly durationMs: number | null;
  readonly locks: readonly PlannedLock[];
  /** Tables that were there before and are written anew. */
  readonly rewritten: readonly string[];
  /** Tables that were there before and are read from beginning to end. */
  readonly scanned: readonly string[];
  /** Indexes that are built on tables that were there before. */
  readonly built: readonly { readonly index: string; readonly table: string }[];
  readonly tables: readonly PlannedTable[];
  /** What lint says about it. */
  readonly findings: readonly LintFinding[];
}

export interface PlannedMigrationFile {
  readonly version: string;
  readonly name: string;
  readonly file: string;
  readonly mode: 'transactional' | 'stepwise';
  readonly statements: readonly PlannedStatement[];
}

export interface MigrationPlan {
  /** The last applied version. */
  readonly version: string | undefined;
  readonly migrations: readonly PlannedMigrationFile[];
  /** Whether every statement ran or could be predicted. */
  readonly complete: boolean;
}
