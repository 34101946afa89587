export { cleanDatabase } from './cleanup/clean-database.ts';
export { type CleanupRecord, readCleanup } from './cleanup/cleanup-record.ts';
export { type HomePaths, homePaths } from './home/home.ts';
export { findRunningKeeper, type KeeperRun, readKeeperRun } from './home/keeper-run.ts';
export { type RunFile, readRunFile } from './home/run-file.ts';
export {
  DEFAULT_TUNING,
  type KeeperMode,
  type KeeperOptions,
  type KeeperTuning,
  type Readiness,
  type RunningKeeper,
} from './keeper-options.ts';
export { prepareDatabase } from './prepare-database.ts';
export {
  identifyProcess,
  type ProcessIdentity,
  processStart,
  stillRuns,
} from './process/process-identity.ts';
export { terminate } from './process/terminate.ts';
export { type Incident, readIncidents } from './records/incidents.ts';
export { readMetricsFile } from './records/stored-metrics.ts';
export { startKeeper } from './start-keeper.ts';
export type { PartStatus, SystemStatus } from './status.ts';
export { cleanUpServer, findSupervisedServer } from './supervision/clean-up.ts';
export type { Launcher } from './supervision/launcher.ts';
export { SUPERVISED_FLAG } from './supervision/server-part.ts';
export { superuserDatabaseUrl } from './watch-health.ts';
