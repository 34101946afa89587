/** The test cluster that was started for the whole run, as JSON; see startTestCluster. */
export const TEST_CLUSTER_VARIABLE = 'HOLDFAST_TEST_CLUSTER';

export function sharedTestCluster(): string | undefined {
  return process.env[TEST_CLUSTER_VARIABLE];
}
