export type { ApiAccess, SignIn } from './api-access.ts';
export { checkApi } from './check-api.ts';
export { type LoadedDocument, type LoadOptions, loadDocument } from './document/load-document.ts';
export { parseAccess } from './parse-access.ts';
export { type ApiFinding, type ApiReport, hasFindings } from './report/api-report.ts';
export { API_REPORT_SCHEMA } from './report/api-report-schema.ts';
export { FINDING_KINDS, type FindingKind, type Severity } from './report/finding-kinds.ts';
export { renderApiReport } from './report/render-api-report.ts';
export type { ApiProgress, CheckApiOptions } from './run/options.ts';
