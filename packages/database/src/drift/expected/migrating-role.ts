import { type Queryable, sql } from '@holdfast/postgres';

/** The role that migrates a database: the owner of its ledger; undefined without one. */
export async function findMigratingRole(db: Queryable): Promise<string | undefined> {
  const row = await db.maybeOne(sql<{ role: string }>`
    select pg_catalog.pg_get_userbyid(n.nspowner)::text as role
    from pg_catalog.pg_namespace n where n.nspname = 'holdfast_ledger'
  `);
  return row?.role;
}
