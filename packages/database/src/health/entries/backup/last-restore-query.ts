import { type Queryable, sql } from '@holdfast/postgres';

/** When Holdfast last put this database back from a backup, in milliseconds since the epoch; undefined for never, or where this role may not see it. */
export async function lastRestoreAt(db: Queryable): Promise<number | undefined> {
  const { visible } = await db.one(sql<{ visible: boolean }>`
    select exists (
      select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'holdfast_recovery' and c.relname = 'restore_epochs'
        and pg_catalog.has_schema_privilege(n.oid, 'usage') and pg_catalog.has_table_privilege(c.oid, 'select')
    ) as visible
  `);
  if (!visible) return undefined;
  const { at } = await db.one(
    sql<{ at: Date | null }>`select max(restored_at) as at from holdfast_recovery.restore_epochs`,
  );
  return at?.getTime();
}
