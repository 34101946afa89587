import type { OutcomeKind, RepairRisk } from '../../engine/index.ts';

/**
 * helped: every check that the repair was for passes. undone: it did not help, and everything is as it was before. failed: it
 * neither helped nor could be undone. interrupted: it was killed on its way and waits for the next run. planned: only shown.
 */
export type RepairOutcome = 'helped' | 'undone' | 'failed' | 'interrupted' | 'planned';

/** One step as it was carried out. */
export interface RepairStepRecord {
  readonly what: string;
  /** The statement or command that does it; null when no single one does. */
  readonly command: string | null;
  readonly outcome: 'done' | 'failed' | 'skipped' | 'undone' | 'planned';
  /** What it said, or why it was not carried out. */
  readonly detail: string;
  readonly durationMs: number;
}

/** What one check said at one time. */
export interface CheckState {
  /** The id of the check's outcome. */
  readonly check: string;
  readonly outcome: OutcomeKind;
  readonly detail: string;
}

/** Whether tables that the repair had no business with are what they were, by their rows' checksums. */
export interface UntouchedTables {
  readonly compared: number;
  readonly changed: readonly string[];
}

/** One repair from its plan to its proof: what `--fix` hands to the report. Times are ISO 8601. */
export interface RepairRecord {
  readonly id: string;
  readonly code: string;
  readonly subject: string;
  readonly risk: RepairRisk;
  readonly startedAt: string;
  /** Null while it is planned or interrupted. */
  readonly finishedAt: string | null;
  readonly outcome: RepairOutcome;
  /** The backup that was taken before; null when none was. */
  readonly backup: string | null;
  readonly steps: readonly RepairStepRecord[];
  readonly before: readonly CheckState[];
  readonly after: readonly CheckState[];
  /** Null when that was not compared. */
  readonly untouched: UntouchedTables | null;
  /** What is not as a backup has it and was left so on purpose, a clause each. */
  readonly remains: readonly string[];
  /** How it is taken back. */
  readonly undo: string;
}
