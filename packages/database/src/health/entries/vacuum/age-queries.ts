import { type Queryable, sql } from '@holdfast/postgres';

export interface DatabaseAge {
  database: string;
  xids: number;
  mxids: number;
}

export function readDatabaseAges(db: Queryable): Promise<DatabaseAge[]> {
  return db.many(sql<DatabaseAge>`
    select d.datname::text as database, pg_catalog.age(d.datfrozenxid) as xids,
      pg_catalog.mxid_age(d.datminmxid) as mxids
    from pg_catalog.pg_database d order by xids desc, database`);
}

export interface TableAge {
  table: string;
  xids: number;
  mxids: number;
  /** The age in transactions at which it is vacuumed whatever else is set. */
  freezeMaxAge: number;
}

/** The tables of this database, also of TOAST and the catalog, whose transaction ids are the oldest. */
export function readOldestTables(db: Queryable, by: 'xids' | 'mxids', limit: number): Promise<TableAge[]> {
  return db.many(sql<TableAge>`
    select pg_catalog.format('%I.%I', n.nspname, c.relname) as table, pg_catalog.age(c.relfrozenxid) as xids,
      pg_catalog.mxid_age(c.relminmxid) as mxids,
      least(
        pg_catalog.current_setting('autovacuum_freeze_max_age')::int8,
        (select o.option_value::int8 from pg_catalog.pg_options_to_table(c.reloptions) o
         where o.option_name = 'autovacuum_freeze_max_age')
      ) as "freezeMaxAge"
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'm', 't') and c.relfrozenxid <> '0'::xid and c.relpersistence <> 't'
    order by case when ${by} = 'xids' then pg_catalog.age(c.relfrozenxid) else pg_catalog.mxid_age(c.relminmxid) end desc,
      n.nspname collate "C", c.relname collate "C"
    limit ${limit}`);
}

export interface FreezeShare {
  table: string;
  xids: number;
  freezeMaxAge: number;
  percent: number;
}

/** The age of every table as a share of the age at which it has to be frozen; the worst first. */
export function readFreezeShares(db: Queryable): Promise<FreezeShare[]> {
  return db.many(sql<FreezeShare>`
    with ages as (
      select pg_catalog.format('%I.%I', n.nspname, c.relname) as table, pg_catalog.age(c.relfrozenxid) as xids,
        least(
          pg_catalog.current_setting('autovacuum_freeze_max_age')::int8,
          (select o.option_value::int8 from pg_catalog.pg_options_to_table(c.reloptions) o
           where o.option_name = 'autovacuum_freeze_max_age')
        ) as "freezeMaxAge"
      from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'm', 't') and c.relfrozenxid <> '0'::xid and c.relpersistence <> 't'
    )
    select a.*, pg_catalog.round(100.0 * a.xids / greatest(a."freezeMaxAge", 1), 1)::float8 as percent from ages a
    order by percent desc, a.table collate "C"`);
}

export interface HorizonHolder {
  kind: 'backend' | 'slot' | 'prepared transaction' | 'standby';
  name: string;
  /** Transactions that began since the one that is held. */
  xids: number;
  seconds: number | null;
  detail: string | null;
}

/**
 * Who keeps vacuum from removing rows: the oldest snapshot or transaction id of backends, replication slots, prepared
 * transactions and standbys with hot_standby_feedback (PostgreSQL manual, Routine Vacuuming). The oldest first. A vacuum
 * shows a snapshot, too, but holds nobody back.
 */
export function readHorizonHolders(db: Queryable): Promise<HorizonHolder[]> {
  return db.many(sql<HorizonHolder>`
    select h.* from (
      select 'backend' as kind, 'pid ' || a.pid as name,
        greatest(pg_catalog.age(a.backend_xmin), pg_catalog.age(a.backend_xid)) as xids,
        extract(epoch from pg_catalog.clock_timestamp() - a.xact_start)::float8 as seconds,
        pg_catalog.concat_ws(', ', a.usename, a.datname, a.application_name, a.state,
          pg_catalog.left(pg_catalog.regexp_replace(a.query, '\\s+', ' ', 'g'), 100)) as detail
      from pg_catalog.pg_stat_activity a
      where (a.backend_xmin is not null or a.backend_xid is not null) and a.pid <> pg_catalog.pg_backend_pid()
        and a.backend_type <> 'walsender'
        and a.pid not in (select v.pid from pg_catalog.pg_stat_progress_vacuum v)
      union all
      select 'slot', s.slot_name, greatest(pg_catalog.age(s.xmin), pg_catalog.age(s.catalog_xmin)), null,
        pg_catalog.concat_ws(', ', s.slot_type, case when s.active then 'active' else 'not active' end,
          case when s.xmin is null then 'catalog only' end)
      from pg_catalog.pg_replication_slots s where s.xmin is not null or s.catalog_xmin is not null
      union all
      select 'prepared transaction', x.gid, pg_catalog.age(x.transaction),
        extract(epoch from pg_catalog.clock_timestamp() - x.prepared)::float8,
        pg_catalog.concat_ws(', ', x.owner, x.database)
      from pg_catalog.pg_prepared_xacts x
      union all
      select 'standby', coalesce(nullif(r.application_name, ''), 'pid ' || r.pid), pg_catalog.age(r.backend_xmin), null,
        pg_catalog.concat_ws(', ', r.client_addr, r.state, 'hot_standby_feedback')
      from pg_catalog.pg_stat_replication r where r.backend_xmin is not null
    ) h
    order by h.xids desc nulls last, h.kind, h.name`);
}
