import { superuserDatabaseUrl } from '@holdfast/keeper';
import { inspectCluster, readClusterState } from '@holdfast/postgres/cluster';

/** The embedded database as its superuser; undefined while it does not run. */
export async function runningUrl(home: string): Promise<string | undefined> {
  const known = await readClusterState(home);
  const { state } = await inspectCluster(home);
  return known === undefined || state !== 'running' ? undefined : superuserDatabaseUrl(known);
}
