import { createHash } from 'node:crypto';
import { type Catalog, type Queryable, readCatalog, sql } from '@holdfast/postgres';
import { type RunContext, writeLedger } from './run-context.ts';

interface Head {
  readonly version: string;
  readonly chain: string;
}

/**
 * Stores what the schema looks like after the last applied migration. At most once for each state of the ledger: a later run
 * that finds nothing to do must not turn damage that happened meanwhile into what is expected.
 * @returns whether a snapshot was stored
 */
export async function storeSnapshot(context: RunContext): Promise<boolean> {
  const head = await findHead(context.connection);
  if (head === undefined || (await hasSnapshot(context.connection, head))) return false;
  const catalog = JSON.stringify(await readCatalog(context.connection, { schemas: [...context.schemas] }));
  const checksum = createHash('sha256').update(catalog).digest('hex');
  await writeLedger(context, tx =>
    tx.execute(sql`
      insert into holdfast_ledger.catalog_snapshots (version, chain, schemas, tool_version, checksum, catalog)
      values (${head.version}, ${head.chain}, ${context.schemas}::text[], ${context.appVersion}, ${checksum},
        ${catalog}::jsonb)
    `),
  );
  return true;
}

/** Stores it anew after a rollback, which may leave columns in another order than the way up did. */
export async function renewSnapshot(context: RunContext): Promise<boolean> {
  const head = await findHead(context.connection);
  if (head !== undefined) await writeLedger(context, tx => forgetSnapshots(tx, head.chain));
  return storeSnapshot(context);
}

/** Forgets the snapshots of a state that is rolled back. */
export async function forgetSnapshots(tx: Queryable, chain: string): Promise<void> {
  await tx.execute(sql`delete from holdfast_ledger.catalog_snapshots where chain = ${chain}`);
}

/** What the schema looked like at a state of the ledger, as it was stored then. */
export function findSnapshot(
  db: Queryable,
  chain: string,
): Promise<{ readonly schemas: string[]; readonly catalog: Catalog } | undefined> {
  return db.maybeOne(sql<{ schemas: string[]; catalog: Catalog }>`
    select schemas, catalog from holdfast_ledger.catalog_snapshots where chain = ${chain} order by taken_at, id limit 1
  `);
}

/** The last applied migration; undefined when there is none, or when one stopped half-way. */
function findHead(db: Queryable): Promise<Head | undefined> {
  return db.maybeOne(sql<Head>`
    select version, chain
    from holdfast_ledger.migrations
    where state = 'applied' and not exists (
      select from holdfast_ledger.migrations
      where state = 'reverting' or (state = 'started' and (next_statement > 0 or in_doubt))
    )
    order by version::numeric desc
    limit 1
  `);
}

async function hasSnapshot(db: Queryable, { chain }: Head): Promise<boolean> {
  const { found } = await db.one(sql<{ found: boolean }>`
    select exists (select from holdfast_ledger.catalog_snapshots where chain = ${chain}) as found
  `);
  return found;
}
