import { type Queryable, sql } from '@holdfast/postgres';

/** A table with rows of its own, as it is at the moment of asking. */
export interface TableShape {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** Changes when the table is rewritten or truncated. */
  readonly fileNode: number;
  /** Rows deleted by this session, in this transaction and just before it. */
  readonly deleted: number;
  readonly columns: readonly ColumnShape[];
}

export interface ColumnShape {
  /** attnum: never used again in its table. */
  readonly number: number;
  readonly name: string;
  readonly type: string;
}

/** Every table outside of the system's schemas and the ledger. Generated columns are left out: they hold nothing of their own. */
export function listTables(db: Queryable): Promise<TableShape[]> {
  return db.many(sql<TableShape>`
    select class.oid::bigint as oid, namespace.nspname as schema, class.relname as name,
      class.relfilenode::bigint as "fileNode", pg_stat_get_xact_tuples_deleted(class.oid) as deleted,
      (
        select coalesce(jsonb_agg(jsonb_build_object(
          'number', attnum, 'name', attname, 'type', format_type(atttypid, atttypmod)
        ) order by attnum), '[]')
        from pg_attribute
        where attrelid = class.oid and attnum > 0 and not attisdropped and attgenerated = ''
      ) as columns
    from pg_class as class
    join pg_namespace as namespace on namespace.oid = class.relnamespace
    where class.relkind = 'r' and class.relpersistence <> 't' and namespace.nspname <> 'holdfast_ledger'
      and namespace.nspname <> 'information_schema' and namespace.nspname not like 'pg\\_%'
    order by namespace.nspname, class.relname
  `);
}

export async function countRows(db: Queryable, table: Pick<TableShape, 'schema' | 'name'>): Promise<number> {
  const relation = sql.id(table.schema, table.name);
  return (await db.one(sql<{ rows: number }>`select count(*) as rows from ${relation}`)).rows;
}

/** How many rows have something in the column. */
export async function countValues(
  db: Queryable,
  table: Pick<TableShape, 'schema' | 'name'>,
  column: string,
): Promise<number> {
  const relation = sql.id(table.schema, table.name);
  return (await db.one(sql<{ values: number }>`select count(${sql.id(column)}) as values from ${relation}`))
    .values;
}

export async function lockTable(db: Queryable, table: Pick<TableShape, 'schema' | 'name'>): Promise<void> {
  await db.query(sql`lock table only ${sql.id(table.schema, table.name)} in access exclusive mode`);
}
