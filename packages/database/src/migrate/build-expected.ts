import { type Catalog, readCatalog } from '@holdfast/postgres';
import { migrateUp } from './migrate-up.ts';
import type { Migration } from './migration.ts';
import { type ScratchOptions, withScratch } from './scratch-database.ts';

/** What the given migrations, all of them, build in the given schemas of an empty database. */
export function buildExpected(
  options: ScratchOptions & { readonly appVersion: string },
  migrations: readonly Migration[],
  schemas: readonly string[],
): Promise<Catalog> {
  return withScratch(options, async scratch => {
    const connection = scratch.connection();
    await migrateUp({ connection, migrations, appVersion: options.appVersion });
    return readCatalog(connection, { schemas });
  });
}
