import { resolve } from 'node:path';
import { type JournalEntry, journalPath, readJournal, recordRestore } from '@holdfast/auth';
import { HoldfastError, type Settings } from '@holdfast/core';
import { migrationsDirectory } from '@holdfast/database';
import { migrateUp, readMigrations } from '@holdfast/database/migrate';
import type { RecordEpoch } from '@holdfast/database/restore';
import { type Connection, connect, sql } from '@holdfast/postgres';

export interface EpochOptions {
  readonly home: string;
  readonly settings: Pick<Settings, 'revocationJournal' | 'redisUrl'>;
  readonly version: string;
}

/**
 * Tells a restored database which time was lost and applies the revocations of that time, before anybody can sign in. One that is older than
 * this version is migrated first: it has no table for restores then. A database that is not Holdfast's has nobody to log out.
 */
export function epochRecorder(options: EpochOptions): RecordEpoch {
  return async ({ ownerUrl, restoredTo, restoredAt, note }) => {
    const journal = await readRevocations(options);
    const connection = await connect({ url: ownerUrl, applicationName: 'holdfast restore' });
    try {
      if (!(await hasTable(connection, 'public.sessions'))) return;
      if (!(await hasTable(connection, 'holdfast_recovery.restore_epochs'))) {
        const migrations = await readMigrations(migrationsDirectory());
        await migrateUp({ connection, migrations, appVersion: options.version });
      }
      await recordRestore(connection, { restoredTo, restoredAt, note }, journal);
    } finally {
      await connection.close();
    }
  };
}

/** The sessions that ended before their time, out of the journal that the settings name. */
export async function readRevocations({
  home,
  settings,
}: Omit<EpochOptions, 'version'>): Promise<readonly JournalEntry[]> {
  const { revocationJournal, redisUrl } = settings;
  if (revocationJournal !== 'redis') {
    const path = revocationJournal === undefined ? journalPath(home) : resolve(home, revocationJournal);
    return (await readJournal(path)).entries;
  }
  if (redisUrl === undefined)
    throw new HoldfastError('usage', 'The revocation journal is in Redis, but REDIS_URL is not set.');
  const { readRedisJournal } = await import('@holdfast/auth/redis');
  return (await readRedisJournal({ url: redisUrl })).entries;
}

async function hasTable(connection: Connection, name: string): Promise<boolean> {
  const { found } = await connection.one(
    sql<{ found: boolean }>`select pg_catalog.to_regclass(${name}) is not null as found`,
  );
  return found;
}
