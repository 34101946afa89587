export type { Cluster, ClusterInspection, ClusterState, ExitStatus, StartClusterOptions } from './cluster.ts';
export { type HomeLock, lockHome } from './home-lock.ts';
export { discardCopiedRun } from './home-mark.ts';
export { inspectCluster } from './postmaster-file.ts';
export { grantDatabase } from './provision.ts';
export { startCluster, stopCluster } from './start-cluster.ts';
export { readClusterState } from './state-file.ts';
