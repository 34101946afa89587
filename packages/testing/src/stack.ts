import { rmSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureKeyring } from '@holdfast/auth/tokens';
import { type ParsedSettings, parseSettings, systemClock } from '@holdfast/core';
import type { Connection } from '@holdfast/postgres';
import { type Cluster, startCluster } from '@holdfast/postgres/cluster';
import { killPostgresNow, killQuietly } from './kill-now.ts';
import { atForcedExit } from './process-end.ts';
import { cloneDatabase, prepareDatabase, withConnection } from './stack-database.ts';
import { readVariables, writeVariable } from './stack-env-file.ts';
import { createStackServer, type StackServer } from './stack-server.ts';
import { withDatabase } from './test-cluster.ts';

/** A whole running system of its own: embedded PostgreSQL and `holdfast serve` as real processes, in a temporary directory. */
export interface Stack {
  readonly home: string;
  readonly server: StackServer;
  readonly cluster: Cluster;
  /** The settings as the env file of the server has them. */
  settings(): Promise<ParsedSettings>;
  /** Sets or removes a variable of the env file; takes effect when the server is started again. */
  setVariable(name: string, value: string | undefined): Promise<void>;
  startDatabase(): Promise<void>;
  stopDatabase(mode?: 'fast' | 'immediate'): Promise<void>;
  /** Runs work as superuser in the database of the system. */
  asSuperuser<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  /** Runs work as superuser outside the database of the system. */
  asAdministrator<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  /** Remembers the database as it is now, for {@link Stack.restoreDatabase}. */
  saveDatabase(): Promise<void>;
  /** Puts the database back to what {@link Stack.saveDatabase} remembered. The server lives on. */
  restoreDatabase(): Promise<void>;
  /** Stops everything and removes the directory. */
  close(): Promise<void>;
}

const DATABASE = 'holdfast';
const SAVED = 'holdfast_saved';

/** Fast and unsafe, as befits data that nobody will miss. */
const CLUSTER_SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  shared_buffers: '32MB',
  max_connections: '60',
  reserved_connections: '3',
  // for faults: two-phase commits, and ages of ids that autovacuum would mend at once
  max_prepared_transactions: '2',
  autovacuum_freeze_max_age: '2000000000',
};

/** Starts a system with all migrations, the built-in roles and no accounts. Whoever starts it closes it. */
export async function startStack(): Promise<Stack> {
  const home = await mkdtemp(join(tmpdir(), 'hf-stack-'));
  // run by root, PostgreSQL is another user and must get in
  await chmod(home, 0o755);
  await mkdir(join(home, 'logs'));
  const cluster = await startDatabase(home).catch(async error => {
    await rm(home, { recursive: true, force: true });
    throw error;
  });
  const stack = createStack(home, cluster);
  try {
    await prepareDatabase(stack.cluster.ownerUrl);
    await ensureKeyring(home, systemClock);
    await stack.setVariable('DATABASE_URL', stack.cluster.appUrl);
    await stack.setVariable('HOLDFAST_OWNER_DATABASE_URL', stack.cluster.ownerUrl);
    await stack.setVariable('HOLDFAST_PORT', '0');
    await stack.server.start();
    return stack;
  } catch (error) {
    await stack.close();
    throw error;
  }
}

function startDatabase(home: string): Promise<Cluster> {
  return startCluster({ home, sharedDir: join(home, 'shared'), settings: CLUSTER_SETTINGS });
}

function createStack(home: string, firstCluster: Cluster): Stack {
  const envFile = join(home, 'stack.env');
  const server = createStackServer(home, envFile);
  let cluster = firstCluster;
  const letGo = atForcedExit(() => killNow(home, server.pids, cluster));
  return {
    home,
    server,
    get cluster() {
      return cluster;
    },
    settings: async () => parseSettings([{ origin: envFile, values: await readVariables(envFile) }]),
    setVariable: (name, value) => writeVariable(envFile, name, value),
    startDatabase: async () => {
      cluster = await startDatabase(home);
    },
    stopDatabase: mode => cluster.stop(mode),
    asSuperuser: work => withConnection(withDatabase(cluster.superuserUrl, DATABASE), work),
    asAdministrator: work => withConnection(cluster.superuserUrl, work),
    saveDatabase: async () => {
      await cloneDatabase(cluster.superuserUrl, DATABASE, SAVED);
      await server.ready();
    },
    restoreDatabase: async () => {
      await cloneDatabase(cluster.superuserUrl, SAVED, DATABASE);
      await server.ready();
    },
    close: async () => {
      await server.kill();
      await cluster.stop('immediate');
      letGo();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** For a process that ends without having closed its stack: nothing asynchronous happens any more. */
function killNow(home: string, serverPids: readonly number[], cluster: Cluster): void {
  for (const pid of serverPids) killQuietly(pid, 'SIGKILL');
  killPostgresNow(cluster);
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}
