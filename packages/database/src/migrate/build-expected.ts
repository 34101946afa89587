import { type Catalog, type Connection, readCatalog, sql } from '@holdfast/postgres';
import { migrateUp } from './migrate-up.ts';
import type { Migration } from './migration.ts';
import { type ScratchOptions, withScratch } from './scratch-database.ts';

export interface BuildOptions extends ScratchOptions {
  readonly appVersion: string;
  /** The role that would run the migrations in earnest: what the scratch database's role owns counts as its own. */
  readonly owner: string;
}

/** What the given migrations, all of them, build in the given schemas of an empty database. */
export function buildExpected(
  options: BuildOptions,
  migrations: readonly Migration[],
  schemas: readonly string[],
): Promise<Catalog> {
  return withScratch(options, async scratch => {
    const connection = scratch.connection();
    await migrateUp({ connection, migrations, appVersion: options.appVersion });
    const builder = await currentRole(connection);
    const catalog = await readCatalog(connection, { schemas });
    const tables = catalog.tables.map(table => ({
      ...table,
      owner: table.owner === builder ? options.owner : table.owner,
    }));
    return { ...catalog, tables };
  });
}

/** The role that statements of this session run as. */
export async function currentRole(connection: Connection): Promise<string> {
  return (await connection.one(sql<{ role: string }>`select current_user as role`)).role;
}
