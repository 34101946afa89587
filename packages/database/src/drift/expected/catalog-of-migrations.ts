import { type Catalog, readCatalog } from '@holdfast/postgres';
import { migrateUp } from '../../migrate/migrate-up.ts';
import type { Migration } from '../../migrate/migration.ts';
import { replaceRole } from '../../scratch/catalog-roles.ts';
import { withScratch } from '../../scratch/scratch-database.ts';
import type { ScratchOptions } from '../../scratch/scratch-place.ts';
import { findCurrentRole } from '../../scratch/scratch-queries.ts';
import { withoutServer } from './without-server.ts';

export interface BuildOptions extends ScratchOptions {
  readonly migrations: readonly Migration[];
  /** The last one to apply; undefined: all. */
  readonly to?: string | undefined;
  readonly appVersion: string;
  readonly schemas: readonly string[] | 'all';
}

/**
 * The catalog that migrations build in a scratch database, with `owner` as the owner of what the building role owns. What is no
 * matter of migrations is left out, so that it is not compared.
 * @throws what `withScratch` and `migrateUp` throw
 */
export function catalogOfMigrations(options: BuildOptions): Promise<Catalog> {
  const { migrations, to, appVersion, schemas, owner } = options;
  return withScratch(options, async scratch => {
    const connection = scratch.connection();
    if (migrations.length > 0)
      await migrateUp({
        ...{ connection, migrations, appVersion, inScratch: true },
        ...(to === undefined ? {} : { to }),
      });
    const catalog = withoutServer(await readCatalog(connection, { schemas }));
    const builder = await findCurrentRole(connection);
    return replaceRole(catalog, builder, owner ?? builder);
  });
}
