import { errorMessage } from '@holdfast/core';
import { displayName, findLedgerSnapshot, type StoredCatalog } from '@holdfast/database/drift';
import { type Queryable, readCatalog, sql } from '@holdfast/postgres';
import type { OtherTarget } from '../config/other-target.ts';
import { compareCatalogs } from '../probes/compare-catalogs.ts';
import { couldNotLook, type Look, type Looks } from '../probes/probe.ts';

type Expected = Pick<OtherTarget, 'expected' | 'snapshotPath'>;

/** Whether the snapshot can be read; nothing where none was taken. */
export async function lookAtSnapshot({ expected, snapshotPath: path }: Expected): Promise<Looks> {
  if (expected === undefined) return {};
  return expected().then(
    () => ({ 'config.snapshot': { saw: { path } } }),
    error => ({ 'config.snapshot': { saw: { path, problem: errorMessage(error).replace(/\.$/, '') } } }),
  );
}

/**
 * The live catalog against the snapshot that was taken while all was well; without a usable one, against that of a ledger of
 * Holdfast's.
 */
export async function lookAtExpected(db: Queryable, { expected }: Expected): Promise<Look<'schema.catalog'>> {
  const stored = (await expected?.().catch(() => undefined)) ?? (await ledgerSnapshot(db));
  if (stored === undefined) {
    return couldNotLook(
      'what the schema should be is not known: holdfast snapshot records it while all is well',
    );
  }
  const live = await readCatalog(db, { schemas: stored.schemas });
  const saw = compareCatalogs(stored.catalog, live);
  const broken = [...saw.missingIndexes, ...saw.invalidIndexes];
  const tables = [...stored.catalog.indexes, ...live.indexes]
    .filter(({ schema, name }) => broken.includes(shownName(schema, name)))
    .map(({ schema, table, name }) => ({ schema, table, index: shownName(schema, name) }));
  const large = await largeTables(db, tables);
  return {
    saw: { ...saw, missedIndexes: tables.filter(item => large.has(keyOf(item))).map(({ index }) => index) },
  };
}

/** As the sighting of the catalog names it. */
function shownName(schema: string, name: string): string {
  return displayName(schema === 'public' ? [name] : [schema, name]);
}

interface TableName {
  readonly schema: string;
  readonly table: string;
}

const keyOf = ({ schema, table }: TableName): string => displayName([schema, table]);

/** Less than this is read from one end to the other within milliseconds, so that nobody misses an index on it. */
const LARGE_BYTES = 4 * 1024 * 1024;

/** Those of the tables that take long to read without an index. */
async function largeTables(db: Queryable, tables: readonly TableName[]): Promise<Set<string>> {
  if (tables.length === 0) return new Set();
  const found = await db.many(sql<TableName>`
    select n.nspname::text as schema, c.relname::text as table
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where (n.nspname::text, c.relname::text) in (
      select * from unnest(${tables.map(({ schema }) => schema)}::text[], ${tables.map(({ table }) => table)}::text[])
    ) and (
      select coalesce(sum(pg_catalog.pg_table_size(part.relid)), 0) from pg_catalog.pg_partition_tree(c.oid) as part
    ) + case when c.relkind = 'r' then pg_catalog.pg_table_size(c.oid) else 0 end > ${LARGE_BYTES}
  `);
  return new Set(found.map(keyOf));
}

async function ledgerSnapshot(db: Queryable): Promise<StoredCatalog | undefined> {
  const { found } = await db.one(sql<{ found: boolean }>`
    select pg_catalog.to_regclass('holdfast_ledger.catalog_snapshots') is not null as found
  `);
  return found ? findLedgerSnapshot(db) : undefined;
}
