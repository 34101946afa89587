import type { Queryable } from '../queryable.ts';
import { sql } from '../sql.ts';
import type { Catalog } from './catalog.ts';
import { catalogParts } from './catalog-queries.ts';
import { withoutJit } from './without-jit.ts';

const body = sql.join(Object.entries(catalogParts).map(([key, part]) => sql`${sql.literal(key)}, (${part})`));

/** All schemas but the system's, those of temporary tables and Holdfast's ledger. */
const everySchema = sql`
  select pg_catalog.array_agg(n.nspname::text) from pg_catalog.pg_namespace n
  where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'holdfast_ledger')`;

/**
 * Reads what the given schemas hold, or `all` that are not the system's, with one statement and so at one moment. Takes no
 * lock stronger than ACCESS SHARE. Objects that belong to an extension are left out. Sorted by schema and name, byte by byte.
 *
 * The definitions are written for an empty search path, so every name in them is qualified: the statement sets it for
 * itself and puts the caller's back, which matters within a transaction. Each of its steps feeds on the one before.
 */
export async function readCatalog(
  db: Queryable,
  { schemas }: { readonly schemas: readonly string[] | 'all' },
): Promise<Catalog> {
  const names = schemas === 'all' ? sql`(${everySchema})` : sql`${schemas}::pg_catalog.text[]`;
  const query = sql<{ catalog: Catalog }>`
      with before as materialized (
        select pg_catalog.current_setting('search_path') as path
      ), wanted as materialized (
        select ${names} as names, pg_catalog.set_config('search_path', 'pg_catalog', true)
        from before
      ), found as materialized (
        select pg_catalog.json_build_object(${body}) as catalog from wanted
      ), after as materialized (
        select pg_catalog.set_config('search_path', before.path, true) from before, found
      )
      select found.catalog from found, after`;
  const { catalog } = await withoutJit(db, session => session.one(query));
  return catalog;
}
