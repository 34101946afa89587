import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { migrationsDirectory, seedsDirectory } from '@holdfast/database';
import { migrateUp, readMigrations } from '@holdfast/database/migrate';
import { applySeed } from '@holdfast/database/seed';
import { type Connection, connect, type Queryable, sql, withAdvisoryLock } from '@holdfast/postgres';
import { grantDatabase } from '@holdfast/postgres/cluster';
import { type TestClusterUrls, withDatabase } from './test-cluster.ts';

const LOCK_TIMEOUT_MS = 60_000;

let current: Promise<string> | undefined;

/** The name of a database with all migrations and the built-in seed, made by whichever test process comes first. */
export function ensureTemplate(cluster: TestClusterUrls): Promise<string> {
  current ??= makeTemplate(cluster);
  return current;
}

async function makeTemplate(cluster: TestClusterUrls): Promise<string> {
  const name = `template_${await hashFiles([migrationsDirectory(), seedsDirectory()])}`;
  const admin = await connect({ url: cluster.superuserUrl, applicationName: 'holdfast tests' });
  try {
    await withAdvisoryLock(admin, name, { timeoutMs: LOCK_TIMEOUT_MS, pollMs: 20 }, async () => {
      if (!(await isFinished(admin, name))) await build(admin, cluster, name);
    });
    return name;
  } finally {
    await admin.close();
  }
}

/** A finished template refuses connections, which cloning needs anyway; one that does not is a broken-off attempt. */
async function isFinished(db: Queryable, name: string): Promise<boolean> {
  const found = await db.maybeOne(
    sql`select 1 from pg_database where datname = ${name} and not datallowconn`,
  );
  return found !== undefined;
}

async function build(admin: Connection, cluster: TestClusterUrls, name: string): Promise<void> {
  await admin.query(sql`drop database if exists ${sql.id(name)} with (force)`);
  await admin.query(sql`create database ${sql.id(name)} owner holdfast_owner`);
  await grantDatabase(withDatabase(cluster.superuserUrl, name));
  await migrate(withDatabase(cluster.ownerUrl, name));
  await admin.query(sql`alter database ${sql.id(name)} with allow_connections false`);
}

async function migrate(ownerUrl: string): Promise<void> {
  const connection = await connect({ url: ownerUrl, applicationName: 'holdfast tests' });
  try {
    const migrations = await readMigrations(migrationsDirectory());
    await migrateUp({ connection, migrations, appVersion: 'test' });
    await applySeed({ connection, dir: seedsDirectory(), name: 'built-in', environment: 'test' });
  } finally {
    await connection.close();
  }
}

async function hashFiles(directories: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const directory of directories) {
    for (const file of (await readdir(directory)).sort()) {
      hash.update(`${file}\0`).update(await readFile(join(directory, file)));
    }
  }
  return hash.digest('hex').slice(0, 16);
}
