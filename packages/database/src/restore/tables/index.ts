/**
 * Single tables and rows out of a backup that was brought to life beside, into the live database. docs/restores-tables.md says
 * what it does; the same transaction makes the plan and the restore.
 */

export { tableText } from './relation.ts';
export { restoreTables, type TableRestoreOptions } from './restore-tables.ts';
export { rowCondition } from './row-condition.ts';
export type { SampleOptions } from './sample-queries.ts';
export { unknownTables } from './select-tables.ts';
export type {
  RowConflict,
  RowSample,
  TableRestore,
  TableRestoreMode,
  TableRestorePlan,
} from './table-plan.ts';
export { listTableRestores, type RecordedRestore } from './undo-queries.ts';
export { type TableRestoreUndo, type UndoOptions, undoTableRestore } from './undo-table-restore.ts';
