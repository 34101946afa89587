import { rm } from 'node:fs/promises';
import { basename, dirname, relative } from 'node:path';
import { readClusterState } from '@holdfast/postgres/cluster';

/** Removes a stopped copy, with the data directory that is elsewhere when PostgreSQL's user may not enter the state directory. */
export async function removeCopy(home: string): Promise<void> {
  const cluster = await readClusterState(home).catch(() => undefined);
  await rm(home, { recursive: true, force: true });
  if (cluster === undefined || !relative(home, cluster.dataDir).startsWith('..')) return;
  const own = dirname(cluster.dataDir);
  // the directory below HOLDFAST_POSTGRES_DIR that belongs to this state directory alone, with what restores replaced
  if (/^[0-9a-f]{16}$/.test(basename(own))) await rm(own, { recursive: true, force: true });
}
