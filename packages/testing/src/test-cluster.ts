import { rmSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { connect, sql } from '@holdfast/postgres';
import {
  type Cluster,
  type StartClusterOptions,
  startCluster,
  stopCluster,
} from '@holdfast/postgres/cluster';
import { sharedTestCluster, TEST_CLUSTER_VARIABLE } from './env.ts';
import { killPostgresNow } from './kill-now.ts';
import { atForcedExit, atProcessEnd } from './process-end.ts';

/** How to reach a test cluster, in each of its roles; the database in the URLs is replaced. */
export interface TestClusterUrls {
  readonly superuserUrl: string;
  readonly ownerUrl: string;
  readonly appUrl: string;
}

/** A throwaway PostgreSQL for a whole test run. */
export interface TestCluster {
  /** What the test processes need in their environment to use this cluster. */
  readonly environment: Readonly<Record<string, string>>;
  /** Stops it. Its files are removed unless a failed test left its database; then their directory is the result. */
  stop(): Promise<string | undefined>;
}

/** Fast and unsafe, as befits data that nobody will miss. */
const SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '300',
  shared_buffers: '64MB',
  max_wal_size: '512MB',
};

export async function startTestCluster(): Promise<TestCluster> {
  const { cluster, home } = await startThrowaway();
  const { superuserUrl, ownerUrl, appUrl } = cluster;
  return {
    environment: { [TEST_CLUSTER_VARIABLE]: JSON.stringify({ superuserUrl, ownerUrl, appUrl }) },
    stop: async () => {
      const keep = await hasTestDatabases(superuserUrl);
      await cluster.stop(keep ? 'fast' : 'immediate');
      if (keep) return home;
      await rm(home, { recursive: true, force: true });
    },
  };
}

let current: Promise<TestClusterUrls> | undefined;

/** The cluster of this run; without one, a cluster for this process that ends with it. */
export function testCluster(): Promise<TestClusterUrls> {
  const shared = sharedTestCluster();
  current ??= shared === undefined ? startForThisProcess() : Promise.resolve(JSON.parse(shared));
  return current;
}

async function startForThisProcess(): Promise<TestClusterUrls> {
  const { cluster, home } = await startThrowaway();
  const undo = atForcedExit(() => killNow(cluster, home));
  atProcessEnd(async failed => {
    await cluster.stop(failed ? 'fast' : 'immediate');
    undo();
    if (failed)
      process.stderr.write(`It is stopped; to look into it, start it with: holdfast start --home ${home}\n`);
    else await rm(home, { recursive: true, force: true });
  }, 'after others');
  return cluster;
}

/** A state directory for one test, with what it needs to start clusters on it. */
export interface ThrowawayHome {
  readonly home: string;
  /** Starts the cluster of this directory, fast and unsafe; all that still run are stopped after the test. */
  start(options?: Partial<StartClusterOptions>): Promise<Cluster>;
}

/** An empty state directory, removed after the test together with the PostgreSQL that runs on it. */
export async function throwawayHome(t: TestContext): Promise<ThrowawayHome> {
  const home = await makeHome();
  t.after(async () => {
    await stopCluster(home, 'immediate').catch(() => undefined);
    await rm(home, { recursive: true, force: true });
  });
  return { home, start: options => startCluster({ ...clusterOptions(home), ...options }) };
}

async function startThrowaway(): Promise<{ cluster: Cluster; home: string }> {
  const home = await makeHome();
  return { home, cluster: await startCluster(clusterOptions(home)) };
}

async function makeHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'hf-test-'));
  // run by root, PostgreSQL is another user and must get in
  await chmod(home, 0o755);
  return home;
}

function clusterOptions(home: string): StartClusterOptions {
  return { home, sharedDir: join(home, 'shared'), settings: SETTINGS };
}

/** The same URL with another database. */
export function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

async function hasTestDatabases(superuserUrl: string): Promise<boolean> {
  const connection = await connect({ url: superuserUrl });
  try {
    const { found } = await connection.one(
      sql<{ found: boolean }>`select exists (select from pg_database where datname like 'test\\_%') as found`,
    );
    return found;
  } finally {
    await connection.close();
  }
}

/** For a process that exits without an end: nothing asynchronous happens any more. */
function killNow(cluster: Cluster, home: string): void {
  killPostgresNow(cluster);
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}
