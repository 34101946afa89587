import { type Queryable, sql } from '@holdfast/postgres';

/** What the statistics say about the upkeep of a table. */
export interface TableUpkeep {
  table: string;
  liveRows: number;
  deadRows: number;
  bytes: number;
  /** Dead rows at which autovacuum becomes active, by the settings of the table or else of the server. */
  vacuumAt: number;
  /** Seconds since the last vacuum, also by hand; null when there was none since statistics began. */
  vacuumedSecondsAgo: number | null;
  /** Never vacuumed nor analyzed since it was made. */
  neverCounted: boolean;
  /** Null where the examining role may not read the table. */
  hasStatistics: boolean | null;
  analyzed: boolean;
  autovacuum: boolean;
  toastAutovacuum: boolean;
  toastTable: string | null;
}

/** Ordinary tables and materialized views. */
export function readTableUpkeep(db: Queryable, schemas: readonly string[]): Promise<TableUpkeep[]> {
  return db.many(sql<TableUpkeep>`
    with settings as materialized (
      select pg_catalog.current_setting('autovacuum_vacuum_threshold')::float8 as base,
        pg_catalog.current_setting('autovacuum_vacuum_scale_factor')::float8 as scale,
        coalesce(nullif(pg_catalog.current_setting('autovacuum_vacuum_max_threshold', true)::float8, -1), 'infinity') as most,
        pg_catalog.current_setting('block_size')::int8 as block
    )
    select pg_catalog.format('%I.%I', n.nspname, c.relname) as table,
      s.n_live_tup as "liveRows", s.n_dead_tup as "deadRows", c.relpages * settings.block as bytes,
      least(settings.most, coalesce(o.base::float8, settings.base)
        + coalesce(o.scale::float8, settings.scale) * greatest(c.reltuples, 0)) as "vacuumAt",
      extract(epoch from pg_catalog.clock_timestamp() - greatest(s.last_vacuum, s.last_autovacuum))::float8
        as "vacuumedSecondsAgo",
      c.reltuples < 0 as "neverCounted",
      case when pg_catalog.has_table_privilege(c.oid, 'select') then exists (
        select from pg_catalog.pg_stats p where p.schemaname = n.nspname and p.tablename = c.relname
      ) end as "hasStatistics",
      coalesce(s.last_analyze, s.last_autoanalyze) is not null as analyzed,
      coalesce(o.enabled::bool, true) as autovacuum,
      not exists (
        select from pg_catalog.pg_options_to_table(t.reloptions) x
        where x.option_name = 'autovacuum_enabled' and not x.option_value::bool
      ) as "toastAutovacuum",
      case when t.oid is not null then 'pg_toast.' || t.relname end as "toastTable"
    from pg_catalog.pg_class c
    cross join settings
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_stat_all_tables s on s.relid = c.oid
    left join pg_catalog.pg_class t on t.oid = c.reltoastrelid
    left join lateral (
      select pg_catalog.max(x.option_value) filter (where x.option_name = 'autovacuum_vacuum_threshold') as base,
        pg_catalog.max(x.option_value) filter (where x.option_name = 'autovacuum_vacuum_scale_factor') as scale,
        pg_catalog.max(x.option_value) filter (where x.option_name = 'autovacuum_enabled') as enabled
      from pg_catalog.pg_options_to_table(c.reloptions) x
    ) o on true
    where c.relkind in ('r', 'm') and n.nspname = any (${schemas}::text[]) and c.relpersistence <> 't'
    order by s.n_dead_tup desc, n.nspname collate "C", c.relname collate "C"`);
}

export interface AutovacuumState {
  autovacuum: boolean;
  trackCounts: boolean;
  /** The age of the statistics in seconds; null when it is not known. */
  sinceSeconds: number | null;
}

export function readAutovacuumState(db: Queryable): Promise<AutovacuumState> {
  return db.one(sql<AutovacuumState>`
    select pg_catalog.current_setting('autovacuum')::bool as autovacuum,
      pg_catalog.current_setting('track_counts')::bool as "trackCounts",
      extract(epoch from pg_catalog.clock_timestamp() - coalesce(d.stats_reset, b.stats_reset))::float8
        as "sinceSeconds"
    from pg_catalog.pg_stat_database d, pg_catalog.pg_stat_bgwriter b
    where d.datname = pg_catalog.current_database()`);
}
