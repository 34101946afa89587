export type { Cluster, ClusterInspection, ClusterState, ExitStatus, StartClusterOptions } from './cluster.ts';
export { changeOwner, replaceFile } from './files.ts';
export { type HomeLock, isHomeInUse, lockHome } from './home-lock.ts';
export { discardCopiedRun } from './home-mark.ts';
export { findLostDataDirectory } from './lost-files.ts';
export { findPostmaster, inspectCluster } from './postmaster-file.ts';
export { grantDatabase } from './provision.ts';
export { adoptRestored, embeddedMajorVersion, placeRestore, scratchParent } from './restore-place.ts';
export type { ScratchCluster, ScratchClusterOptions, ScratchPlace } from './scratch-cluster.ts';
export { restoreConfiguration } from './scratch-configuration.ts';
export { initScratchCluster, syncDataDirectory } from './scratch-init.ts';
export {
  claimScratchDirectory,
  removeAbandonedScratch,
  removeScratchDirectory,
} from './scratch-leftovers.ts';
export { scratchUser, startScratchCluster } from './scratch-start.ts';
export { startCluster, stopCluster } from './start-cluster.ts';
export { readClusterState } from './state-file.ts';
export {
  cancelTakeover,
  forgetTakeover,
  listTakeovers,
  prepareTakeover,
  readTakeover,
  settleTakeover,
  switchOver,
  type Takeover,
} from './takeover.ts';
export { postgresDirectories } from './version-binaries.ts';
