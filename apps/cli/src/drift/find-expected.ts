import { resolve } from 'node:path';
import { errorMessage, HoldfastError, isHoldfastError } from '@holdfast/core';
import { migrationsDirectory } from '@holdfast/database';
import {
  catalogOfMigrations,
  findLedgerSnapshot,
  findMigratingRole,
  readSnapshotFile,
} from '@holdfast/database/drift';
import { migrationStatus, readMigrations } from '@holdfast/database/migrate';
import { type Catalog, type Connection, connect, readCatalog } from '@holdfast/postgres';
import type { OwnerAccess } from '../database-access.ts';
import { version } from '../version.ts';
import type { DriftContext } from './drift-options.ts';

export interface ExpectedCatalog {
  readonly catalog: Catalog;
  /** The schemas it speaks of. */
  readonly schemas: readonly string[] | 'all';
  /** Where it comes from, for the reader. */
  readonly description: string;
}

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
  if (options.snapshot !== undefined) {
    const stored = await readSnapshotFile(resolve(environment.cwd, options.snapshot));
    return { ...stored, description: `the snapshot ${options.snapshot}` };
  }
  if (options.ledger === true) {
    const stored = (await findMigratingRole(connection)) && (await findLedgerSnapshot(connection));
    if (stored) return { ...stored, description: 'the snapshot in the ledger' };
    throw new HoldfastError(
      'drift_unknown',
      'The database has no snapshot in its ledger: it was never migrated by Holdfast.',
    );
  }
  if (options.against !== undefined) {
    const other = await connect({ url: options.against, applicationName: 'holdfast drift' });
    try {
      return {
        catalog: await readCatalog(other, { schemas: wanted }),
        schemas: wanted,
        description: 'the other database',
      };
    } finally {
      await other.close();
    }
  }
  return fromMigrations(search);
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
  const migrations = await readMigrations(dir);
  const status = await migrationStatus(connection, migrations);
  const to = status.ledger ? status.version : undefined;
  const applied = status.ledger && to === undefined ? [] : migrations;
  terminal.progress(
    `building ${to === undefined ? 'all migrations' : `the migrations up to ${to}`} in a scratch database`,
  );
  try {
    const catalog = await catalogOfMigrations({
      ...access,
      scratchUrl: options['scratch-url'],
      migrations: applied,
      to,
      appVersion: version(),
      like: wanted === 'all' ? live : await readCatalog(connection, { schemas: 'all' }),
      schemas: wanted,
      owner: await findMigratingRole(connection),
      signal,
    });
    return { catalog, schemas: wanted, description: `${dir}${to === undefined ? '' : ` up to ${to}`}` };
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
