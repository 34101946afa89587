import { type Queryable, sql } from '@holdfast/postgres';

/** A column as ANALYZE has seen it, in its order. */
export interface ColumnWidth {
  /** Null when there are no statistics of it. */
  width: number | null;
  nulls: number | null;
  /** Bytes to which its values are aligned: 1, 2, 4 or 8. */
  alignment: number;
  /** Whether its length varies. */
  varies: boolean;
}

export interface StoredRelation {
  oid: number;
  name: string;
  pages: number;
  rows: number;
  block: number;
  fillfactor: number;
  columns: ColumnWidth[];
}

/** Pages and rows are those of the last vacuum or analyze, which counted both at the same time; no lock is needed. */
const size = sql`
  c.oid::int8 as oid, pg_catalog.format('%I.%I', n.nspname, c.relname) as name, c.relpages as pages,
  c.reltuples::float8 as rows, pg_catalog.current_setting('block_size')::int4 as block,
  (select o.option_value::int4 from pg_catalog.pg_options_to_table(c.reloptions) o where o.option_name = 'fillfactor')`;

const alignment = sql`case a.attalign when 'c' then 1 when 's' then 2 when 'i' then 4 else 8 end`;

/** Tables of at least so many pages whose rows were counted. Dropped columns are stored as null in new rows. */
export function readStoredTables(
  db: Queryable,
  schemas: readonly string[],
  minPages: number,
): Promise<StoredRelation[]> {
  return db.many(sql<StoredRelation>`
    select s.oid, s.name, s.pages, s.rows, s.block, coalesce(s.fillfactor, 100) as fillfactor, (
      select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
        'width', p.avg_width, 'nulls', p.null_frac, 'alignment', ${alignment}, 'varies', a.attlen = -1
      ) order by a.attnum), '[]')
      from pg_catalog.pg_attribute a
      left join pg_catalog.pg_stats p
        on p.schemaname = s.nspname and p.tablename = s.relname and p.attname = a.attname and not p.inherited
      where a.attrelid = s.oid and a.attnum > 0 and not a.attisdropped
    ) as columns
    from (
      select ${size} as fillfactor, n.nspname, c.relname
      from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'm') and c.relpages >= ${minPages} and c.reltuples >= 0
        and n.nspname = any (${schemas}::text[])
    ) s order by s.pages desc, s.name collate "C" limit 500`);
}

/** B-tree indexes of at least so many pages. Columns that are expressions have statistics under the index's own name. */
export function readStoredIndexes(
  db: Queryable,
  schemas: readonly string[],
  minPages: number,
): Promise<StoredRelation[]> {
  return db.many(sql<StoredRelation>`
    select s.oid, s.name, s.pages, s.rows, s.block, coalesce(s.fillfactor, 90) as fillfactor, (
      select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
        'width', p.avg_width, 'nulls', p.null_frac, 'alignment', ${alignment}, 'varies', a.attlen = -1
      ) order by a.attnum), '[]')
      from pg_catalog.pg_attribute a
      left join pg_catalog.pg_attribute ta on ta.attrelid = s.indrelid and ta.attnum = s.indkey[a.attnum - 1] and ta.attnum > 0
      left join pg_catalog.pg_stats p on p.schemaname = s.nspname and not p.inherited
        and p.tablename = case when ta.attnum is null then s.relname else s.tablename end
        and p.attname = coalesce(ta.attname, a.attname)
      where a.attrelid = s.oid and a.attnum > 0
    ) as columns
    from (
      select ${size} as fillfactor, n.nspname, c.relname, t.relname as tablename, i.indrelid, i.indkey
      from pg_catalog.pg_index i
      join pg_catalog.pg_class c on c.oid = i.indexrelid
      join pg_catalog.pg_class t on t.oid = i.indrelid
      join pg_catalog.pg_am m on m.oid = c.relam
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'i' and m.amname = 'btree' and i.indisvalid and c.relpages >= ${minPages}
        and c.reltuples >= 0 and n.nspname = any (${schemas}::text[])
    ) s order by s.pages desc, s.name collate "C" limit 500`);
}

export interface ExactTable {
  bytes: number;
  free: number;
  dead: number;
}

/** What pgstattuple_approx measures: exactly where pages are not all visible, by the free space map elsewhere. */
export function measureTable(db: Queryable, schema: string, oid: number): Promise<ExactTable> {
  return db.one(sql<ExactTable>`
    select x.table_len as bytes, x.approx_free_space::int8 as free, x.dead_tuple_len as dead
    from ${sql.id(schema, 'pgstattuple_approx')}(${oid}::oid::regclass) x`);
}

export interface ExactIndex {
  bytes: number;
  leafPages: number;
  emptyPages: number;
  /** Percent of the leaf pages that is filled; NaN for an index without any. */
  density: number;
}

export function measureIndex(db: Queryable, schema: string, oid: number): Promise<ExactIndex> {
  return db.one(sql<ExactIndex>`
    select x.index_size as bytes, x.leaf_pages as "leafPages", x.empty_pages + x.deleted_pages as "emptyPages",
      x.avg_leaf_density as density
    from ${sql.id(schema, 'pgstatindex')}(${oid}::oid::regclass) x`);
}
