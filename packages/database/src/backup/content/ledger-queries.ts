import { type Queryable, sql } from '@holdfast/postgres';

export type AppliedMigration = { readonly version: string; readonly name: string; readonly checksum: string };

/** Whether this database has Holdfast's ledger, and this role may read it. */
export async function hasLedger(db: Queryable): Promise<boolean> {
  const { found } = await db.one(sql<{ found: boolean }>`
    select coalesce((
      select pg_catalog.has_table_privilege(c.oid, 'select') and pg_catalog.has_schema_privilege(n.oid, 'usage')
      from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'holdfast_ledger' and c.relname = 'migrations' and c.relkind = 'r'
    ), false) as found
  `);
  return found;
}

/** The migrations that are complete, in the order of their versions. */
export function listAppliedMigrations(db: Queryable): Promise<AppliedMigration[]> {
  return db.many(sql<AppliedMigration>`
    select version, name, checksum from holdfast_ledger.migrations where state = 'applied' order by version::numeric
  `);
}
