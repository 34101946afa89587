import { type Catalog, type Queryable, sql } from '@holdfast/postgres';
import type { StoredCatalog } from './snapshot-file.ts';

interface SnapshotRow {
  readonly schemas: readonly string[];
  readonly catalog: Catalog;
}

/**
 * Among the schemas of a snapshot in the ledger: it holds all that there were, so that one made later is a difference. Without
 * it, the snapshot says nothing about other schemas than those named.
 */
const EVERY_SCHEMA = '*';

/** What the ledger keeps about the schemas of a catalog that was read for `asked`. */
export function schemasOfSnapshot(catalog: Catalog, asked: readonly string[] | 'all'): readonly string[] {
  return asked === 'all' ? [EVERY_SCHEMA, ...catalog.schemas] : asked;
}

/**
 * What the schema looked like after the last applied migration, out of the ledger; undefined when that is not stored. The
 * database must have a ledger.
 */
export async function findLedgerSnapshot(db: Queryable): Promise<StoredCatalog | undefined> {
  return storedCatalog(
    await db.maybeOne(sql<SnapshotRow>`
      select schemas, catalog
      from holdfast_ledger.catalog_snapshots
      where chain = (
        select chain from holdfast_ledger.migrations where state = 'applied' order by version::numeric desc limit 1
      )
      order by id desc
      limit 1
    `),
  );
}

/** What the schema looked like at a state of the ledger, as it was stored then. */
export async function findSnapshotOf(db: Queryable, chain: string): Promise<StoredCatalog | undefined> {
  return storedCatalog(
    await db.maybeOne(sql<SnapshotRow>`
      select schemas, catalog from holdfast_ledger.catalog_snapshots where chain = ${chain} order by taken_at, id limit 1
    `),
  );
}

function storedCatalog(row: SnapshotRow | undefined): StoredCatalog | undefined {
  if (row === undefined) return undefined;
  const { schemas, catalog } = row;
  return { catalog, schemas: schemas.includes(EVERY_SCHEMA) ? 'all' : schemas };
}
