import { type Queryable, type SqlQuery, sql } from '@holdfast/postgres';
import { catalogSql } from '../catalog-sql.ts';
import { estimatedRows, seesAllRows } from '../relation-fragments.ts';
import { type ScanPart, tableSample } from '../row-scans.ts';

export interface LiveTable {
  readonly schema: string;
  readonly name: string;
  /** As SQL would write it. */
  readonly qualified: string;
  readonly rows: number | string;
  readonly seesAll: boolean;
}

export function listLiveTables(db: Queryable, schemas: readonly string[]): Promise<LiveTable[]> {
  return db.many(sql<LiveTable>`
    select n.nspname::text as schema, c.relname::text as name,
      pg_catalog.format('%I.%I', n.nspname, c.relname) as qualified,
      ${estimatedRows('c')} as rows, ${seesAllRows('c')} as "seesAll"
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and n.nspname = any (${schemas}::pg_catalog.text[])
    order by 1, 2
  `);
}

/** A foreign key between two tables; both as `[schema, name]`. */
export interface TableReference {
  readonly child: readonly [string, string];
  readonly parent: readonly [string, string];
}

/** Which of other tables each table refers to. */
export function listTableReferences(db: Queryable, schemas: readonly string[]): Promise<TableReference[]> {
  return db.many(sql<TableReference>`
    select distinct array[cn.nspname::text, c.relname::text] as child, array[pn.nspname::text, p.relname::text] as parent
    from pg_catalog.pg_constraint o
    join pg_catalog.pg_class c on c.oid = o.conrelid
    join pg_catalog.pg_namespace cn on cn.oid = c.relnamespace
    join pg_catalog.pg_class p on p.oid = o.confrelid
    join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
    where o.contype = 'f' and o.conparentid = 0 and o.conrelid <> o.confrelid and cn.nspname = any (${schemas}::pg_catalog.text[])
  `);
}

/** `counts` holds the number of rows, or of those of a part. */
export function countRows(table: LiveTable, part: ScanPart): SqlQuery<{ counts: (number | string)[] }> {
  return sql`select array[count(*)] as counts from ${catalogSql(table.qualified)} ${tableSample(part)}`;
}
