/** What a database holds in one snapshot, and whether another one holds the same. docs/backups-engines.md says how. */

export { compareContent } from './compare-content.ts';
export { diffContent, type TableDifference } from './diff-content.ts';
export { type ContentRequest, readContent, readSequencePositions } from './read-content.ts';
