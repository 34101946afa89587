import { migrationsDirectory, seedsDirectory } from '@holdfast/database';
import { migrateUp, readMigrations } from '@holdfast/database/migrate';
import { applySeed } from '@holdfast/database/seed';
import { type Connection, connect, sql } from '@holdfast/postgres';

/** Migrates a database and puts the built-in rows in. */
export async function prepareDatabase(ownerUrl: string): Promise<void> {
  await withConnection(ownerUrl, async connection => {
    const migrations = await readMigrations(migrationsDirectory());
    await migrateUp({ connection, migrations, appVersion: 'test' });
    await applySeed({ connection, dir: seedsDirectory(), name: 'built-in', environment: 'test' });
  });
}

export async function withConnection<T>(
  url: string,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connect({ url, applicationName: 'holdfast tests' });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

/** Replaces one database by a copy of another. Cloning needs the source for itself: its sessions are ended. */
export async function cloneDatabase(
  superuserUrl: string,
  from: string,
  to: string,
  owner = 'holdfast_owner',
): Promise<void> {
  await withConnection(superuserUrl, async admin => {
    // a server that is stopped at once would forget that the source takes connections again
    await admin.query(sql`set synchronous_commit = on`);
    await admin.query(sql`alter database ${sql.id(from)} with allow_connections false`);
    await admin.query(sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${from}`);
    await admin.query(sql`drop database if exists ${sql.id(to)} with (force)`);
    await admin.query(sql`create database ${sql.id(to)} template ${sql.id(from)} owner ${sql.id(owner)}`);
    await admin.query(sql`alter database ${sql.id(from)} with allow_connections true`);
  });
}
