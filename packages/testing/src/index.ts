export { emptyDatabase, type TestDatabase, testDatabase } from './database.ts';
export { eventually } from './eventually.ts';
export * from './faults/index.ts';
export { type Stack, startStack } from './stack.ts';
export type { StackServer } from './stack-server.ts';
export { type SupervisedStack, startSupervisedStack } from './supervised-stack.ts';
export {
  startTestCluster,
  type TestCluster,
  type ThrowawayHome,
  throwawayHome,
} from './test-cluster.ts';
