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
  /** Rows updated, likewise. */
  readonly updated: number;
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
      pg_stat_get_xact_tuples_updated(class.oid) as updated,
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

/** What the rows of a table say, whatever their order: equal when they hold the same values. */
export interface Fingerprint {
  /** Of whole rows. */
  readonly rows: string | null;
  /** Of each column by itself, in the order given. */
  readonly columns: readonly (string | null)[];
}

/** Reads the table once. */
export async function fingerprint(
  db: Queryable,
  table: Pick<TableShape, 'schema' | 'name'>,
  columns: readonly string[],
): Promise<Fingerprint> {
  const names = columns.map(name => sql`t.${sql.id(name)}`);
  const sums = names.map(name => sql`sum(hashtextextended(${name}::text, 0)::numeric)::text`);
  return db.one(sql<Fingerprint>`
    select sum(hashtextextended(row(${sql.join(names)})::text, 0)::numeric)::text as rows,
      array[${sql.join(sums)}]::text[] as columns
    from only ${sql.id(table.schema, table.name)} as t
  `);
}
