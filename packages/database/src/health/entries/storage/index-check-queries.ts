import { type Queryable, type SqlQuery, sql } from '@holdfast/postgres';
import { catalogSql } from '../catalog-sql.ts';

export interface CheckableIndex {
  /** The object id, which the rotation goes by. */
  readonly id: number;
  readonly name: string;
  readonly table: string;
  /** Pages of the index and of its table, all of which are read. */
  readonly pages: number | string;
}

/** The btree indexes that amcheck can look at, in the order of the rotation. */
export function listCheckableIndexes(db: Queryable, schemas: readonly string[]): Promise<CheckableIndex[]> {
  return db.many(sql<CheckableIndex>`
    select ic.oid::pg_catalog.int8 as id, pg_catalog.format('%I.%I', n.nspname, ic.relname) as name,
      pg_catalog.format('%I.%I', n.nspname, c.relname) as "table",
      (pg_catalog.pg_relation_size(ic.oid) + pg_catalog.pg_relation_size(c.oid)) / 8192 as pages
    from pg_catalog.pg_index i
    join pg_catalog.pg_class ic on ic.oid = i.indexrelid and ic.relkind = 'i' and ic.relpersistence <> 't'
    join pg_catalog.pg_am am on am.oid = ic.relam and am.amname = 'btree'
    join pg_catalog.pg_class c on c.oid = i.indrelid
    join pg_catalog.pg_namespace n on n.oid = ic.relnamespace
    where i.indisvalid and i.indisready and n.nspname = any (${schemas}::pg_catalog.text[])
      and (ic.relpersistence = 'p' or not pg_catalog.pg_is_in_recovery())
    order by ic.oid
  `);
}

/** Whether this session may run amcheck, which is a superuser's unless granted. */
export async function mayCheckIndexes(db: Queryable, schema: string): Promise<boolean> {
  const { may } = await db.one(sql<{ may: boolean }>`
    select pg_catalog.has_function_privilege(
      pg_catalog.format('%I.bt_index_check(regclass, boolean)', ${schema}::text), 'execute') as may
  `);
  return may;
}

/** Fails with XX001 or XX002 when the index is damaged, or lacks rows of its table. Locks with ACCESS SHARE. */
export function checkIndex(schema: string, { id }: CheckableIndex): SqlQuery {
  return sql`select ${catalogSql(quoted(schema))}.bt_index_check(${id}::pg_catalog.oid::pg_catalog.regclass, true)`;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
