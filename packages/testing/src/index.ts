export { emptyDatabase, type TestDatabase, testDatabase } from './database.ts';
export { crashSeed } from './env.ts';
export { eventually } from './eventually.ts';
export { type FaultProxy, type FaultProxyOptions, startFaultProxy } from './fault-proxy.ts';
export * from './faults/index.ts';
export { findFreePort } from './free-port.ts';
export { copyDataDirectory, restoreDataDirectory } from './physical-copy.ts';
export { type Stack, startStack } from './stack.ts';
export type { StackServer } from './stack-server.ts';
export { type SupervisedStack, startSupervisedStack } from './supervised-stack.ts';
export {
  startTestCluster,
  type TestCluster,
  type ThrowawayHome,
  throwawayHome,
} from './test-cluster.ts';
