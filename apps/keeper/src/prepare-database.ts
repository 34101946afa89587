import { type AdministratorResult, ensureAdministrator } from '@holdfast/auth/accounts';
import { createPasswordHasher } from '@holdfast/auth/passwords';
import { ensureKeyring, keyringPath, loadKeyring } from '@holdfast/auth/tokens';
import { type Clock, HoldfastError, type Settings } from '@holdfast/core';
import { migrationsDirectory, seedsDirectory } from '@holdfast/database';
import { migrateUp, readMigrations, refuseForeignDatabase } from '@holdfast/database/migrate';
import { applySeed } from '@holdfast/database/seed';
import { type Connection, connect, createPool, sql } from '@holdfast/postgres';

export interface PrepareDatabaseOptions {
  readonly ownerUrl: string;
  readonly appUrl: string;
  readonly home: string;
  readonly settings: Pick<Settings, 'nodeEnv' | 'adminEmail' | 'keyring'>;
  readonly version: string;
  /** False leaves schema and built-in rows as they are. */
  readonly migrate: boolean;
  readonly clock: Clock;
  readonly onProgress: (message: string) => void;
}

const EMPTY_DATABASE = 'Make an empty database for Holdfast, and name that one with DATABASE_URL';

/**
 * Makes a database ready to serve: schema, built-in rows, keyring, and an account that can administer. Does only what is
 * missing, so it may run at each start.
 * @throws HoldfastError of migrations and seeds, `usage` on the database of somebody else, `keyring_invalid`, `database_unavailable`.
 */
export async function prepareDatabase(options: PrepareDatabaseOptions): Promise<AdministratorResult> {
  if (options.migrate) await migrateAndSeed(options);
  await prepareKeyring(options);
  return createFirstAdministrator(options);
}

async function migrateAndSeed({
  ownerUrl,
  clock,
  version,
  settings,
  onProgress,
}: PrepareDatabaseOptions): Promise<void> {
  const connection = await connect({ url: ownerUrl, applicationName: 'holdfast-migrate' });
  try {
    const migrations = await readMigrations(migrationsDirectory());
    await refuseForeignDatabase(connection, migrations, EMPTY_DATABASE);
    onProgress('migrating the schema');
    await migrateUp({
      connection,
      migrations,
      clock,
      appVersion: version,
      onProgress: progress => {
        if (progress.kind === 'migration_started')
          onProgress(`applying ${progress.version} ${progress.name}`);
      },
    });
    onProgress('putting built-in roles and permissions in place');
    await applySeed({ connection, dir: seedsDirectory(), name: 'built-in', environment: settings.nodeEnv });
  } finally {
    await connection.close();
  }
}

/** Only an installation without any key may make a new keyring: another one would end every session. */
async function prepareKeyring({
  settings,
  home,
  ownerUrl,
  clock,
  onProgress,
}: PrepareDatabaseOptions): Promise<void> {
  const setting = settings.keyring;
  if (setting === undefined && !(await keysAreKnown(ownerUrl))) {
    const { created } = await ensureKeyring(home, clock);
    if (created) onProgress(`creating the keyring ${keyringPath(home)}`);
    return;
  }
  await loadKeyring({ home, setting });
}

async function keysAreKnown(url: string): Promise<boolean> {
  const connection = await connect({ url, applicationName: 'holdfast-keeper' });
  try {
    await requireTable(connection, 'signing_keys');
    const { known } = await connection.one(sql<{ known: boolean }>`
      select exists (select from signing_keys) as known
    `);
    return known;
  } finally {
    await connection.close();
  }
}

async function requireTable(connection: Connection, table: string): Promise<void> {
  const { found } = await connection.one(sql<{ found: boolean }>`
    select to_regclass(${table}) is not null as found
  `);
  if (found) return;
  throw new HoldfastError(
    'schema_mismatch',
    `The database has no table ${table}: it was not migrated. Run holdfast migrate, or start without --no-migrate.`,
  );
}

async function createFirstAdministrator({
  appUrl,
  settings,
  onProgress,
}: PrepareDatabaseOptions): Promise<AdministratorResult> {
  const pool = createPool({
    url: appUrl,
    max: 1,
    acquireTimeoutMs: 5_000,
    applicationName: 'holdfast-keeper',
  });
  try {
    const hasher = createPasswordHasher({ concurrency: 1 });
    const administrator = await ensureAdministrator({ pool, hasher }, settings.adminEmail);
    if (administrator.created) onProgress(`creating the administrator ${administrator.email}`);
    return administrator;
  } finally {
    await pool.close();
  }
}
