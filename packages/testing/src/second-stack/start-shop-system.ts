import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, sql } from '@holdfast/postgres';
import { type Cluster, startCluster } from '@holdfast/postgres/cluster';
import { killPostgresNow, killQuietly } from '../kill-now.ts';
import { atForcedExit } from '../process-end.ts';
import { cloneDatabase, withConnection } from '../stack-database.ts';
import { withDatabase } from '../test-cluster.ts';
import { type SecondStack, startSecondStack } from './start-second-stack.ts';

/** The shop with a PostgreSQL of its own, in which its server is no owner of anything. */
export interface ShopSystem extends SecondStack {
  /** As the server connects. */
  readonly appUrl: string;
  readonly ownerUrl: string;
  readonly dataDirectory: string;
  readonly cluster: Cluster;
  asSuperuser<T>(work: (db: Connection) => Promise<T>): Promise<T>;
  /** Outside the database of the shop. */
  asAdministrator<T>(work: (db: Connection) => Promise<T>): Promise<T>;
  stopDatabase(mode?: 'fast' | 'immediate'): Promise<void>;
  startDatabase(): Promise<void>;
  /** Remembers the database as it is now, for {@link ShopSystem.restoreDatabase}. */
  saveDatabase(): Promise<void>;
  restoreDatabase(): Promise<void>;
}

export const SHOP_ROLE = 'shop_app';
export const SHOP_DATABASE = 'shop';
const OWNER = 'shop_owner';
const SAVED = 'shop_saved';
const SETTINGS = {
  ...{ fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', shared_buffers: '32MB' },
  ...{ max_connections: '60', reserved_connections: '3' },
};

/** Starts the shop and its PostgreSQL. Whoever starts it closes it. */
export async function startShopSystem(): Promise<ShopSystem> {
  const home = await mkdtemp(join(tmpdir(), 'hf-shop-'));
  // run by root, PostgreSQL is another user and must get in
  await chmod(home, 0o755);
  const start = (): Promise<Cluster> =>
    startCluster({ home, sharedDir: join(home, 'shared'), settings: SETTINGS });
  let cluster = await start();
  const letGo = atForcedExit(() => {
    killPostgresNow(cluster);
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  });
  const end = async (): Promise<void> => {
    killQuietly(cluster.pid, 'SIGCONT');
    await cluster.stop('immediate');
    letGo();
    await rm(home, { recursive: true, force: true });
  };
  const superuser = (): string => cluster.superuserUrl;
  try {
    const { appUrl, ownerUrl } = await createDatabase(cluster);
    const stack = await startSecondStack(ownerUrl, {
      serverDatabaseUrl: appUrl,
      afterSchema: () => grantShop(ownerUrl),
    });
    return {
      ...stack,
      get serverPid() {
        return stack.serverPid;
      },
      get cluster() {
        return cluster;
      },
      ...{ appUrl, ownerUrl, dataDirectory: cluster.dataDir },
      asSuperuser: work => withConnection(withDatabase(superuser(), SHOP_DATABASE), work),
      asAdministrator: work => withConnection(superuser(), work),
      stopDatabase: (mode = 'fast') => cluster.stop(mode),
      startDatabase: async () => {
        cluster = await start();
      },
      saveDatabase: () => cloneDatabase(superuser(), SHOP_DATABASE, SAVED, OWNER),
      restoreDatabase: () => cloneDatabase(superuser(), SAVED, SHOP_DATABASE, OWNER),
      close: async () => {
        await stack.close();
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** A database of the shop's own, with a role that owns it and one that uses it. */
async function createDatabase({
  superuserUrl,
}: Cluster): Promise<{ readonly appUrl: string; readonly ownerUrl: string }> {
  const urlOf = (role: string, password: string): string => {
    const url = new URL(withDatabase(superuserUrl, SHOP_DATABASE));
    url.username = role;
    url.password = password;
    return url.href;
  };
  const passwords = { owner: randomBytes(12).toString('hex'), app: randomBytes(12).toString('hex') };
  await withConnection(superuserUrl, async db => {
    await db.query(sql`create role ${sql.id(OWNER)} login password ${sql.literal(passwords.owner)}`);
    await db.query(sql`create role ${sql.id(SHOP_ROLE)} login password ${sql.literal(passwords.app)}`);
    // whoever looks after a database may see its sessions, and gets in when it is full
    await db.query(sql`grant pg_monitor, pg_use_reserved_connections to ${sql.id(OWNER)}`);
    await db.query(sql`create database ${sql.id(SHOP_DATABASE)} owner ${sql.id(OWNER)}`);
  });
  return { appUrl: urlOf(SHOP_ROLE, passwords.app), ownerUrl: urlOf(OWNER, passwords.owner) };
}

async function grantShop(ownerUrl: string): Promise<void> {
  await withConnection(ownerUrl, async db => {
    await db.query(sql`grant usage on schema shop to ${sql.id(SHOP_ROLE)}`);
    await db.query(
      sql`grant select, insert, update, delete on all tables in schema shop to ${sql.id(SHOP_ROLE)}`,
    );
    // also for a view that is made anew
    await db.query(
      sql`alter default privileges in schema shop grant select, insert, update, delete on tables to ${sql.id(SHOP_ROLE)}`,
    );
    await db.query(sql`grant usage on all sequences in schema shop to ${sql.id(SHOP_ROLE)}`);
  });
}
