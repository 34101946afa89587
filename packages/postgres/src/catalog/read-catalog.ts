import type { Queryable } from '../queryable.ts';
import { sql } from '../sql.ts';
import type { Catalog } from './catalog.ts';
import { catalogParts } from './catalog-queries.ts';
import { isExtensionMember } from './fragments.ts';
import { withoutJit } from './without-jit.ts';

const body = sql.join(Object.entries(catalogParts).map(([key, part]) => sql`${sql.literal(key)}, (${part})`));

/** What an extension keeps in a schema of its own comes and goes with it, also what it makes there later. */
const everySchema = sql`
  select coalesce(pg_catalog.array_agg(n.nspname::text order by n.nspname collate "C"), '{}')
  from pg_catalog.pg_namespace n
  where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'holdfast_ledger')
    and not ${isExtensionMember(sql`n.oid`, 'pg_namespace')}`;

/** All schemas but the system's, those of temporary tables and of extensions, and Holdfast's ledger. Sorted byte by byte. */
export async function listSchemas(db: Queryable): Promise<string[]> {
  return (await db.one(sql<{ names: string[] }>`select (${everySchema}) as names`)).names;
}

/**
 * Reads what the given schemas hold, or `all` of `listSchemas`, with one statement and so at one moment. Takes no
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
