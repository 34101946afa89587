/** The test cluster that was started for the whole run, as JSON; see startTestCluster. */
export const TEST_CLUSTER_VARIABLE = 'HOLDFAST_TEST_CLUSTER';

export function sharedTestCluster(): string | undefined {
  return process.env[TEST_CLUSTER_VARIABLE];
}

const SEED_LIMIT = 2 ** 31;

/** The seed of a randomised test: HOLDFAST_CRASH_SEED, to repeat a run, or another one each time. */
export function crashSeed(): number {
  const given = Number(process.env.HOLDFAST_CRASH_SEED);
  return Number.isInteger(given) && given > 0 ? given : Math.floor(Math.random() * SEED_LIMIT) + 1;
}
