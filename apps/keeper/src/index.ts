export { backupDestinations } from './backups/backup-destinations.ts';
export type { BackupPlan, BackupRun, PlaceOutcome } from './backups/backup-plan.ts';
export { type LastRuns, type RunRecord, readRuns } from './backups/run-record.ts';
export { cleanDatabase } from './cleanup/clean-database.ts';
export { type CleanupRecord, readCleanup } from './cleanup/cleanup-record.ts';
export { ensureHome, type HomePaths, homePaths } from './home/home.ts';
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
export { epochRecorder, readRevocations } from './restore/record-epoch.ts';
export type { PartStatus, SystemStatus } from './status.ts';
export { cleanUpServer, findSupervisedServer } from './supervision/clean-up.ts';
export type { Launcher } from './supervision/launcher.ts';
export { SUPERVISED_FLAG } from './supervision/server-part.ts';
export { readWalStatus, type WalStatus } from './wal/wal-status.ts';
export { superuserDatabaseUrl } from './watch-health.ts';
