export { type BulkInsertOptions, type BulkResult, bulkInsert } from './bulk-insert.ts';
export type { BulkConflict, BulkOutcome, BulkProblem, BulkRow, BulkTable, BulkUpdate } from './bulk-table.ts';
export type { CopySource } from './copy-source.ts';
export { type CopyValue, copyChunks, copyLine } from './copy-text.ts';
export { writeRows } from './write-rows.ts';
