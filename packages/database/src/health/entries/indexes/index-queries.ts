import { type Queryable, sql } from '@holdfast/postgres';
import type { ServerFacts } from '../../entry.ts';

/** An index with all that tells it from another one. Arrays go by position; ids are those of the catalog. */
export interface IndexFacts {
  oid: number;
  tableOid: number;
  schema: string;
  /** Qualified and quoted. */
  name: string;
  bareName: string;
  table: string;
  /** False for TOAST. */
  ordinary: boolean;
  method: string;
  unique: boolean;
  primary: boolean;
  nullsNotDistinct: boolean;
  valid: boolean;
  ready: boolean;
  live: boolean;
  /** It belongs to a primary key, unique or exclusion constraint. */
  constraint: string | null;
  replicaIdentity: boolean;
  clustered: boolean;
  /** Of a partitioned table; it has no storage of its own. */
  partitioned: boolean;
  /** Part of an index of a partitioned table. */
  attached: boolean;
  /** Column numbers, 0 for an expression. */
  keys: number[];
  columns: string[];
  includes: number[];
  opclasses: number[];
  collations: number[];
  options: number[];
  expressions: string | null;
  predicate: string | null;
  definition: string;
  /** As the last vacuum, analyze or build found it. */
  bytes: number;
  scans: number;
  /** Null before PostgreSQL 16, and when it was never used. */
  usedSecondsAgo: number | null;
  /** Being built at this moment. */
  building: boolean;
}

/** The indexes of these schemas, and those of their TOAST tables. Sizes come from the catalog, so no lock is needed. */
export function readIndexes(
  db: Queryable,
  { schemas, version }: Pick<ServerFacts, 'schemas' | 'version'>,
  which: 'all' | 'broken' = 'all',
): Promise<IndexFacts[]> {
  const chosen = which === 'all' ? sql`true` : sql`not (i.indisvalid and i.indisready and i.indislive)`;
  const usedAt = version >= 160_000 ? sql`pg_catalog.pg_stat_get_lastscan(c.oid)` : sql`null::timestamptz`;
  return db.many(sql<IndexFacts>`
    with wanted as materialized (
      select c.oid, c.reltoastrelid from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p', 'm') and n.nspname = any (${schemas}::text[])
    ), constraints as materialized (
      select k.conindid as oid, k.conname::text as name from pg_catalog.pg_constraint k
      where k.contype in ('p', 'u', 'x') and k.conindid <> 0
    ), building as materialized (
      select p.index_relid as oid from pg_catalog.pg_stat_progress_create_index p
      where p.datname = pg_catalog.current_database() and p.index_relid <> 0
    )
    select c.oid::int8 as oid, t.oid::int8 as "tableOid", n.nspname::text as schema,
      pg_catalog.format('%I.%I', n.nspname, c.relname) as name, c.relname::text as "bareName",
      pg_catalog.format('%I.%I', tn.nspname, t.relname) as table, t.relkind <> 't' as ordinary,
      m.amname::text as method, i.indisunique as unique, i.indisprimary as primary,
      coalesce((pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct')::bool, false) as "nullsNotDistinct",
      i.indisvalid as valid, i.indisready as ready, i.indislive as live,
      k.name as constraint,
      i.indisreplident as "replicaIdentity", i.indisclustered as clustered, c.relkind = 'I' as partitioned,
      c.relispartition as attached,
      (i.indkey::int2[])[0:i.indnkeyatts - 1] as keys,
      (
        select coalesce(pg_catalog.json_agg(a.attname order by u.position), '[]')
        from pg_catalog.unnest(i.indkey::int2[]) with ordinality u (number, position)
        left join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum = u.number and a.attnum <> 0
        where u.position <= i.indnkeyatts
      ) as columns,
      (i.indkey::int2[])[i.indnkeyatts:i.indnatts - 1] as includes,
      (i.indclass::oid[])::int8[] as opclasses, (i.indcollation::oid[])::int8[] as collations,
      i.indoption::int2[] as options,
      pg_catalog.pg_get_expr(i.indexprs, i.indrelid) as expressions,
      pg_catalog.pg_get_expr(i.indpred, i.indrelid) as predicate,
      pg_catalog.pg_get_indexdef(c.oid) as definition,
      c.relpages * pg_catalog.current_setting('block_size')::int8 as bytes,
      coalesce(pg_catalog.pg_stat_get_numscans(c.oid), 0) as scans,
      extract(epoch from pg_catalog.clock_timestamp() - ${usedAt})::float8 as "usedSecondsAgo",
      exists (select from building b where b.oid = c.oid) as building
    from pg_catalog.pg_index i
    join pg_catalog.pg_class c on c.oid = i.indexrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_class t on t.oid = i.indrelid
    join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
    join pg_catalog.pg_am m on m.oid = c.relam
    left join constraints k on k.oid = c.oid
    where t.oid in (select oid from wanted union all select reltoastrelid from wanted where reltoastrelid <> 0) and ${chosen}
    order by n.nspname collate "C", c.relname collate "C"`);
}

export interface StatisticsAge {
  /** Seconds; null when it is not known. */
  sinceSeconds: number | null;
  /** Standbys that are connected, and whether there are slots for more; they count their own scans. */
  standbys: number;
}

export function readStatisticsAge(db: Queryable): Promise<StatisticsAge> {
  return db.one(sql<StatisticsAge>`
    select
      extract(epoch from pg_catalog.clock_timestamp()
        - coalesce(d.stats_reset, least(b.stats_reset, a.stats_reset, w.stats_reset)))::float8 as "sinceSeconds",
      greatest(
        (select pg_catalog.count(*) from pg_catalog.pg_stat_get_wal_senders()),
        (select pg_catalog.count(*) from pg_catalog.pg_replication_slots where slot_type = 'physical')
      ) as standbys
    from pg_catalog.pg_stat_database d, pg_catalog.pg_stat_bgwriter b, pg_catalog.pg_stat_archiver a,
      pg_catalog.pg_stat_wal w
    where d.datname = pg_catalog.current_database()`);
}

export interface NullShare {
  table: string;
  column: string;
  nulls: number;
}

/** Columns that are null in at least this share of the rows, by the planner's statistics of readable columns. */
export function readNullShares(
  db: Queryable,
  schemas: readonly string[],
  share: number,
): Promise<NullShare[]> {
  return db.many(sql<NullShare>`
    select pg_catalog.format('%I.%I', s.schemaname, s.tablename) as table, s.attname::text as column,
      s.null_frac::float8 as nulls
    from pg_catalog.pg_stats s
    where s.schemaname = any (${schemas}::text[]) and s.null_frac >= ${share} and not s.inherited`);
}

export interface ForeignKeyFacts {
  name: string;
  tableOid: number;
  table: string;
  partitioned: boolean;
  columns: string[];
  numbers: number[];
  references: string;
  rows: number;
}

/** Foreign keys, those of partitions left to their parents. */
export function readForeignKeys(db: Queryable, schemas: readonly string[]): Promise<ForeignKeyFacts[]> {
  return db.many(sql<ForeignKeyFacts>`
    select k.conname::text as name, c.oid::int8 as "tableOid",
      pg_catalog.format('%I.%I', n.nspname, c.relname) as table, c.relkind = 'p' as partitioned,
      (
        select pg_catalog.json_agg(a.attname order by u.position)
        from pg_catalog.unnest(k.conkey) with ordinality u (number, position)
        join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = u.number
      ) as columns,
      k.conkey as numbers, pg_catalog.format('%I.%I', rn.nspname, r.relname) as references,
      greatest(c.reltuples, s.n_live_tup, 0)::int8 as rows
    from pg_catalog.pg_constraint k
    join pg_catalog.pg_class c on c.oid = k.conrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_class r on r.oid = k.confrelid
    join pg_catalog.pg_namespace rn on rn.oid = r.relnamespace
    left join pg_catalog.pg_stat_all_tables s on s.relid = c.oid
    where k.contype = 'f' and k.conparentid = 0 and n.nspname = any (${schemas}::text[])
    order by rows desc, n.nspname collate "C", c.relname collate "C", k.conname collate "C"`);
}

export interface KeylessTable {
  table: string;
  rows: number;
  /** Which rows a replica can be told apart by: nothing, all columns, or an index. */
  replicaIdentity: 'default' | 'nothing' | 'full' | 'index';
  hasUniqueIndex: boolean;
}

/** Tables without a primary key; partitions are left to their parents. */
export function readKeylessTables(db: Queryable, schemas: readonly string[]): Promise<KeylessTable[]> {
  return db.many(sql<KeylessTable>`
    select pg_catalog.format('%I.%I', n.nspname, c.relname) as table,
      greatest(c.reltuples, s.n_live_tup, 0)::int8 as rows,
      case c.relreplident when 'n' then 'nothing' when 'f' then 'full' when 'i' then 'index' else 'default' end
        as "replicaIdentity",
      exists (
        select from pg_catalog.pg_index i where i.indrelid = c.oid and i.indisunique and i.indpred is null
          and i.indisvalid and i.indexprs is null
      ) as "hasUniqueIndex"
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join pg_catalog.pg_stat_all_tables s on s.relid = c.oid
    where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
      and n.nspname = any (${schemas}::text[])
      and not exists (select from pg_catalog.pg_index i where i.indrelid = c.oid and i.indisprimary)
      and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e')
    order by rows desc, n.nspname collate "C", c.relname collate "C"`);
}
