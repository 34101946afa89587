import type { TestContext } from 'node:test';
import { generateKeyring } from '@holdfast/auth';
import { systemClock } from '@holdfast/core';
import { migrationsDirectory, seedsDirectory } from '@holdfast/database';
import { migrateUp, readMigrations } from '@holdfast/database/migrate';
import { applySeed } from '@holdfast/database/seed';
import { connect, createPool } from '@holdfast/postgres';
import type { Cluster } from '@holdfast/postgres/cluster';
import { throwawayHome } from '@holdfast/testing';
import { createLogger, type RunningServer, startServer } from '../../src/index.ts';
import { captureLog, type LogCapture } from './log-capture.ts';
import { createPeople, type Person } from './people.ts';
import { testSettings } from './settings.ts';

/** A listening server with a PostgreSQL of its own, which a test may mistreat. */
export interface OwnSystem {
  readonly home: string;
  readonly server: RunningServer;
  readonly admin: Person;
  readonly log: LogCapture;
  /** The cluster that runs, or ran last. */
  cluster(): Cluster;
  stopDatabase(): Promise<void>;
  startDatabase(): Promise<void>;
  /** One more server of the same system. */
  anotherServer(): Promise<RunningServer>;
}

/** What was committed must survive that the processes are killed; not that the machine is. */
const DURABLE = { fsync: 'off', synchronous_commit: 'on' };

export async function ownSystem(
  t: TestContext,
  values: Readonly<Record<string, string>> = {},
): Promise<OwnSystem> {
  const servers: RunningServer[] = [];
  t.after(() => Promise.all(servers.map(server => server.close())));
  const { home, start } = await throwawayHome(t);
  let cluster = await start({ settings: DURABLE });
  const { port } = cluster;
  await migrate(cluster.ownerUrl);
  const settings = testSettings({ DATABASE_URL: cluster.appUrl, ...values });
  const keyring = generateKeyring(systemClock);
  const log = captureLog();
  const logger = createLogger({ level: 'info', stream: log.stream });
  const anotherServer = async (): Promise<RunningServer> => {
    const server = await startServer({ settings, home, keyring, logger, port: 0 });
    servers.push(server);
    return server;
  };
  const server = await anotherServer();
  const pool = createPool({ url: cluster.appUrl, max: 2 });
  const admin = await createPeople(pool, keyring, settings).person(['admin', 'user']);
  await pool.close();
  return {
    home,
    server,
    admin,
    log,
    anotherServer,
    cluster: () => cluster,
    stopDatabase: () => cluster.stop('immediate'),
    startDatabase: async () => {
      cluster = await start({ port, settings: DURABLE });
    },
  };
}

async function migrate(ownerUrl: string): Promise<void> {
  const connection = await connect({ url: ownerUrl });
  try {
    await migrateUp({
      connection,
      migrations: await readMigrations(migrationsDirectory()),
      appVersion: 'test',
    });
    await applySeed({ connection, dir: seedsDirectory(), name: 'built-in', environment: 'test' });
  } finally {
    await connection.close();
  }
}
