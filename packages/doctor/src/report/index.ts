/**
 * Reports of examinations: six deliverables from a diagnosis and what is read besides, as Markdown and as one page of HTML.
 *
 * `buildReport` makes the document, redacted; `storeReport` writes it; `listReports` finds earlier ones.
 */
export { buildReport, type ReportParts } from './deliverables/build-report.ts';
export { DELIVERABLE_IDS, type DeliverableId, type Report } from './deliverables/document.ts';
export type {
  AppliedMigration,
  BackupRun,
  KeptIncident,
  KnownBackup,
  Reading,
  Readings,
} from './deliverables/readings.ts';
export { renderHtml } from './deliverables/render-html.ts';
export { renderMarkdown } from './deliverables/render-markdown.ts';
export type {
  CheckState,
  RepairOutcome,
  RepairRecord,
  RepairStepRecord,
  UntouchedTables,
} from './deliverables/repair-record.ts';
export { type LatencyReading, measureLatency } from './measure-latency.ts';
export { listReports, reportId, type StoredReport, storeReport } from './store/report-store.ts';
