export { CATALOGUE, catalogueProblems } from './catalogue.ts';
export {
  defineEntry,
  type Evidence,
  type HealthArea,
  type HealthContext,
  type HealthEntry,
  type HealthReading,
  type ServerFacts,
  type Thresholds,
} from './entry.ts';
export { bytesText, secondsText } from './quantity.ts';
export type { EntryLevel, EntryReport, ExaminedServer, HealthReport } from './report.ts';
export { type HealthOptions, type HealthSources, runHealth } from './run-health.ts';
export type { SlowQueries, SlowQuery } from './slow-queries.ts';
export type * from './sources.ts';
export type { TableFacts, TableOverview } from './table-overview.ts';
export {
  assertThresholds,
  mergeThresholds,
  parseThresholdFile,
  parseThresholds,
  type Suggest,
  selectEntries,
  type ThresholdOverrides,
} from './thresholds.ts';
export { findTrends, type Trend } from './trends.ts';
