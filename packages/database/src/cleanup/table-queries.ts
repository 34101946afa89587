import { type Queryable, sql } from '@holdfast/postgres';

/** A table as a policy needs to know it. */
export interface TableFacts {
  readonly schema: string;
  readonly table: string;
  /** `r` table, `p` partitioned table; anything else is no place to delete from. */
  readonly kind: string;
  /** Column names with their types. */
  readonly columns: Readonly<Record<string, string>>;
}

/** A table by the parts of its name, found on the search path when there is only one. Undefined when there is none. */
export function findTable(db: Queryable, name: readonly string[]): Promise<TableFacts | undefined> {
  return db.maybeOne(sql<TableFacts>`
    select namespace.nspname as schema, class.relname as table, class.relkind::text as kind, coalesce((
        select pg_catalog.jsonb_object_agg(attname, pg_catalog.format_type(atttypid, null))
        from pg_catalog.pg_attribute
        where attrelid = class.oid and attnum > 0 and not attisdropped
      ), '{}') as columns
    from pg_catalog.pg_class as class
    join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
    where class.oid = pg_catalog.to_regclass((
      select pg_catalog.string_agg(pg_catalog.quote_ident(part), '.' order by position)
      from unnest(${name}::text[]) with ordinality as name (part, position)
    ))
  `);
}

/** Whether this is a database of Holdfast's, and not one that merely has tables of the same names. */
export async function isHoldfastDatabase(db: Queryable): Promise<boolean> {
  const { found } = await db.one(sql<{ found: boolean }>`
    select pg_catalog.to_regclass('holdfast_recovery.restore_epochs') is not null
      and pg_catalog.to_regclass('public.refresh_tokens') is not null as found
  `);
  return found;
}
