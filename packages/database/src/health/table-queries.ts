import { type Queryable, sql } from '@holdfast/postgres';

export interface TableSizeRow {
  schema: string;
  name: string;
  /** Estimated: what statistics and the last vacuum say. */
  rows: number;
  deadRows: number;
  /** With indexes and TOAST; null while somebody holds the table exclusively. */
  bytes: number | null;
  indexBytes: number | null;
  writes: number;
  lastVacuum: Date | null;
  lastAnalyze: Date | null;
  /** A time column whose greatest value is cheap to read. */
  changeColumn: string | null;
}

/**
 * A relation's size can be asked for only with a lock, and a table that is being altered would make us wait: those are left
 * out. Readable are the change times of tables that are small or have an index that begins with the column.
 */
export function readTableSizes(
  db: Queryable,
  schemas: readonly string[],
  limit: number,
): Promise<TableSizeRow[]> {
  return db.many(sql<TableSizeRow>`
    with busy as materialized (
      select distinct l.relation from pg_catalog.pg_locks l
      where l.locktype = 'relation' and l.mode = 'AccessExclusiveLock' and l.database = (
        select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
    ), largest as materialized (
      select c.oid, n.nspname, c.relname, c.reltuples, s.n_live_tup, s.n_dead_tup,
        s.n_tup_ins + s.n_tup_upd + s.n_tup_del as writes,
        greatest(s.last_vacuum, s.last_autovacuum) as "lastVacuum",
        greatest(s.last_analyze, s.last_autoanalyze) as "lastAnalyze",
        exists (select from busy where busy.relation = c.oid) as busy
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      left join pg_catalog.pg_stat_all_tables s on s.relid = c.oid
      where c.relkind in ('r', 'm') and n.nspname = any (${schemas}::text[])
      order by c.relpages desc, n.nspname collate "C", c.relname collate "C" limit ${limit}
    )
    select t.nspname as schema, t.relname as name,
      greatest(t.reltuples, t.n_live_tup, 0)::int8 as rows, coalesce(t.n_dead_tup, 0) as "deadRows",
      case when not t.busy then pg_catalog.pg_total_relation_size(t.oid) end as bytes,
      case when not t.busy then pg_catalog.pg_indexes_size(t.oid) end as "indexBytes",
      coalesce(t.writes, 0) as writes, t."lastVacuum", t."lastAnalyze",
      (
        select a.attname from pg_catalog.pg_attribute a
        where a.attrelid = t.oid and not a.attisdropped and not t.busy
          and a.attname in ('modified_at', 'updated_at', 'created_at') and a.atttypid = 'timestamptz'::regtype
          and pg_catalog.has_column_privilege(t.oid, a.attnum, 'select')
          and (greatest(t.reltuples, t.n_live_tup) <= 10000 or exists (
            select from pg_catalog.pg_index i
            where i.indrelid = t.oid and i.indisvalid and i.indpred is null and i.indkey[0] = a.attnum))
        order by pg_catalog.array_position(array['modified_at', 'updated_at', 'created_at']::name[], a.attname)
        limit 1
      ) as "changeColumn"
    from largest t
    order by bytes desc nulls last, t.nspname collate "C", t.relname collate "C"`);
}

export interface LastChangeRow {
  schema: string;
  name: string;
  lastChange: Date | null;
}

/** The greatest value of one time column of each of these tables. */
export function readLastChanges(
  db: Queryable,
  tables: readonly { readonly schema: string; readonly name: string; readonly column: string }[],
): Promise<LastChangeRow[]> {
  const parts = tables.map(
    ({ schema, name, column }) => sql`
      select ${schema}::text as schema, ${name}::text as name, pg_catalog.max(${sql.id(column)}) as "lastChange"
      from ${sql.id(schema, name)}`,
  );
  return db.many(sql<LastChangeRow>`${sql.join(parts, ' union all ')}`);
}
