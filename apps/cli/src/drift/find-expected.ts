import { resolve } from 'node:path';
import { errorMessage, HoldfastError, isHoldfastError } from '@holdfast/core';
import { migrationsDirectory } from '@holdfast/database';
import { readSealKey } from '@holdfast/database/backup';
import {
  catalogOfMigrations,
  findMigratingRole,
  readLedgerMemory,
  readSnapshotFile,
  type StoredCatalog,
} from '@holdfast/database/drift';
import { migrationStatus, readMigrations } from '@holdfast/database/migrate';
import { type Catalog, type Connection, readCatalog, sql } from '@holdfast/postgres';
import { sealKeyFile } from '../backup/backup-places.ts';
import { connectAs, type OwnerAccess } from '../database-access.ts';
import { version } from '../version.ts';
import type { DriftContext } from './drift-options.ts';
import type { ExpectedCatalog } from './expected-catalog.ts';
import { fromLedger } from './from-ledger.ts';
import { migrationsToBuild } from './migrations-to-build.ts';

interface Search {
  readonly context: DriftContext;
  readonly access: OwnerAccess;
  readonly connection: Connection;
  readonly live: Catalog;
  readonly wanted: readonly string[] | 'all';
  readonly signal: AbortSignal;
}

/** What the schema should be, from where the options say. Throws `drift_unknown` when that cannot be found out. */
export async function findExpected(search: Search): Promise<ExpectedCatalog> {
  const { context, connection, wanted } = search;
  const { options, environment } = context;
  const file = options.snapshot ?? (isDatabase(options.against) ? undefined : options.against);
  if (file !== undefined) {
    const { database } = await connection.one(
      sql<{ database: string }>`select pg_catalog.current_database() as database`,
    );
    const keyFile = sealKeyFile(context.configuration().home);
    const { backup, ...stored } = await readSnapshotFile(resolve(environment.cwd, file), {
      database,
      sealKey: () => readSealKey(keyFile, false),
    });
    const kind = backup === undefined ? 'snapshot' : 'backup';
    return { ...stored, description: `the ${kind} ${file}`, notes: sealNotes(backup, keyFile) };
  }
  if (options.ledger === true) {
    return fromLedger(await readLedgerMemory(connection));
  }
  if (options.against !== undefined) {
    const other = await connectAs('holdfast drift', options.against);
    try {
      return {
        catalog: await readCatalog(other, { schemas: wanted }),
        schemas: wanted,
        description: 'the other database',
        notes: [],
      };
    } finally {
      await other.close();
    }
  }
  return fromMigrations(search);
}

/** What does not prove that a manifest is what was written with the backup. */
function sealNotes(seal: StoredCatalog['backup'], keyFile: string): string[] {
  switch (seal) {
    case 'no_hash':
      return ['the manifest has no hash and no seal: nothing shows whether it was changed'];
    case 'missing':
      return ['the manifest has no seal: its hash fits, but anybody could have written it'];
    case 'other_key':
      return [
        `the manifest is sealed with another key than that of ${keyFile}: its hash fits, but who wrote it is not known`,
      ];
    case 'unchecked':
      return [`the seal of the manifest was not checked, since there is no ${keyFile}: its hash fits`];
    default:
      return [];
  }
}

/** Whether `--against` names a database; else it names a file. */
export function isDatabase(place: string | undefined): boolean {
  return place !== undefined && /^postgres(ql)?:\/\//i.test(place);
}

async function fromMigrations({
  context,
  access,
  connection,
  live,
  wanted,
  signal,
}: Search): Promise<ExpectedCatalog> {
  const { options, environment, terminal } = context;
  const dir =
    options.migrations === undefined ? migrationsDirectory() : resolve(environment.cwd, options.migrations);
  const files = await readMigrations(dir);
  const chosen = migrationsToBuild(await migrationStatus(connection, files), files, dir);
  terminal.progress(chosen.progress);
  try {
    const catalog = await catalogOfMigrations({
      ...access,
      scratchUrl: options['scratch-url'],
      migrations: chosen.migrations,
      appVersion: version(),
      like: wanted === 'all' ? live : await readCatalog(connection, { schemas: 'all' }),
      schemas: wanted,
      owner: await findMigratingRole(connection),
      signal,
    });
    return { catalog, schemas: wanted, description: chosen.description, notes: chosen.notes };
  } catch (cause) {
    if (signal.aborted)
      throw new HoldfastError('drift_unknown', 'Stopped. The scratch database is dropped.', { cause });
    if (isHoldfastError(cause, 'migration_failed')) {
      const message = `The migrations do not build an empty database: ${errorMessage(cause)}`;
      throw new HoldfastError('drift_unknown', message, { cause });
    }
    if (isHoldfastError(cause, 'scratch_unavailable')) {
      const message = `${errorMessage(cause)}. Or compare with --ledger or --snapshot`;
      throw new HoldfastError('drift_unknown', message, { cause });
    }
    throw cause;
  }
}
