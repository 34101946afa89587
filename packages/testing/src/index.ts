export { emptyDatabase, type TestDatabase, testDatabase } from './database.ts';
export { crashSeed } from './env.ts';
export { eventually } from './eventually.ts';
export { type FaultProxy, type FaultProxyOptions, startFaultProxy } from './fault-proxy.ts';
export { canChangeClocks } from './faults/clock-injection.ts';
export { canMountDisks } from './faults/disk-injection.ts';
export * from './faults/index.ts';
export * as injections from './faults/index.ts';
export { findFreePort } from './free-port.ts';
export { type GeneratedFrontend, generateFrontend } from './frontend/generate-frontend.ts';
export * from './logs/index.ts';
export { copyDataDirectory, restoreDataDirectory } from './physical-copy.ts';
export { type RecordingApi, startRecordingApi } from './recording/recording-api.ts';
export { type RecordingPostgres, startRecordingPostgres } from './recording/recording-postgres.ts';
export * from './second-stack/index.ts';
export { type SlowLine, startSlowLine } from './slow-line.ts';
export { type Stack, startStack } from './stack.ts';
export type { StackServer } from './stack-server.ts';
export { type SupervisedStack, startSupervisedStack } from './supervised-stack.ts';
export { installedVersions, type SystemPostgres, startSystemPostgres } from './system-postgres.ts';
export { backupRequest, storePhysicalBackup, takeTestBackup } from './take-backup.ts';
export {
  startTestCluster,
  type TestCluster,
  type ThrowawayHome,
  throwawayHome,
} from './test-cluster.ts';
