import { type Catalog, type Queryable, sql } from '@holdfast/postgres';
import type { StoredCatalog } from './snapshot-file.ts';

/**
 * What the schema looked like after the last applied migration, out of the ledger; undefined when that is not stored. The
 * database must have a ledger.
 */
export async function findLedgerSnapshot(db: Queryable): Promise<StoredCatalog | undefined> {
  return db.maybeOne(sql<{ schemas: string[]; catalog: Catalog }>`
    select schemas, catalog
    from holdfast_ledger.catalog_snapshots
    where chain = (
      select chain from holdfast_ledger.migrations where state = 'applied' order by version::numeric desc limit 1
    )
    order by id desc
    limit 1
  `);
}
