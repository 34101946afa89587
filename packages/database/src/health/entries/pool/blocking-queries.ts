import { type Queryable, sql } from '@holdfast/postgres';

/** A session of this database that waits for a lock, and who stands in its way; 0 stands for a prepared transaction. */
export interface WaitingRow {
  pid: number;
  blockers: number[];
  seconds: number;
  /** Such as `relation public.users` or `transactionid`. */
  target: string;
  mode: string;
}

/** pg_blocking_pids briefly locks the whole lock table, so it is asked only for those that wait. */
export function readWaiting(db: Queryable): Promise<WaitingRow[]> {
  return db.many(sql<WaitingRow>`
    with waiting as materialized (
      select distinct on (l.pid) l.pid, l.locktype, l.relation, l.database, l.mode,
        coalesce(l.waitstart, a.query_start) as since
      from pg_catalog.pg_locks l join pg_catalog.pg_stat_activity a on a.pid = l.pid
      where not l.granted and a.datname = pg_catalog.current_database() order by l.pid
    )
    select w.pid, pg_catalog.pg_blocking_pids(w.pid) as blockers, w.mode,
      coalesce(extract(epoch from pg_catalog.clock_timestamp() - w.since)::float8, 0) as seconds,
      case when w.relation is null then w.locktype else w.locktype || ' ' || coalesce(c.name, w.relation::text) end as target
    from waiting w
    left join lateral (
      select pg_catalog.format('%I.%I', n.nspname, r.relname) as name
      from pg_catalog.pg_class r join pg_catalog.pg_namespace n on n.oid = r.relnamespace
      where r.oid = w.relation and w.database in (0, (
        select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()))
    ) c on true
    order by seconds desc`);
}

/** A session of this database that keeps even readers out of tables. */
export interface LockoutRow {
  pid: number;
  /** How long its transaction is open, and it cannot hold them longer; null where that is hidden. */
  seconds: number | null;
  /** Such as `relation public.users`, the parts of partitioned tables last. */
  targets: string[];
}

/**
 * Nobody needs to wait for them: clients give up. Tables that only their own transaction sees are left out, and so is the end of
 * a vacuum, which makes way for others.
 */
export function readLockouts(db: Queryable): Promise<LockoutRow[]> {
  return db.many(sql<LockoutRow>`
    select l.pid, extract(epoch from pg_catalog.clock_timestamp() - a.xact_start)::float8 as seconds,
      pg_catalog.array_agg('relation ' || pg_catalog.format('%I.%I', n.nspname, c.relname)
        order by c.relispartition, c.oid) as targets
    from pg_catalog.pg_locks l
    join pg_catalog.pg_stat_activity a on a.pid = l.pid
    join pg_catalog.pg_class c on c.oid = l.relation
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where l.granted and l.locktype = 'relation' and l.mode = 'AccessExclusiveLock'
      and a.datname = pg_catalog.current_database()
      and l.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
      and c.relkind in ('r', 'p') and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
      and a.usesysid is not null and coalesce(a.backend_type, 'client backend') = 'client backend'
      and a.pid <> pg_catalog.pg_backend_pid()
      and not exists (select from pg_catalog.pg_stat_progress_vacuum v where v.pid = a.pid)
    group by l.pid, a.xact_start order by seconds desc nulls last, l.pid`);
}

export interface LockCapacity {
  used: number;
  capacity: number;
}

/**
 * Locks in the shared lock table, against the number it is made for: max_locks_per_transaction for every backend that may
 * exist. Fast-path locks are kept elsewhere, predicate locks in a table of their own.
 */
export function readLockCapacity(db: Queryable): Promise<LockCapacity> {
  return db.one(sql<LockCapacity>`
    with backends as (
      select pg_catalog.sum(s.setting::int8)::int8 as maximum from pg_catalog.pg_settings s
      where s.name in ('max_connections', 'max_worker_processes', 'max_wal_senders', 'max_prepared_transactions',
        case when pg_catalog.current_setting('autovacuum_worker_slots', true) is null
          then 'autovacuum_max_workers' else 'autovacuum_worker_slots' end)
    ), locks as (
      select distinct l.locktype, l.database, l.relation, l.page, l.tuple, l.virtualxid, l.transactionid, l.classid,
        l.objid, l.objsubid
      from pg_catalog.pg_locks l where not l.fastpath and l.mode <> 'SIReadLock'
    )
    select (select pg_catalog.count(*) from locks) as used,
      pg_catalog.current_setting('max_locks_per_transaction')::int8 * b.maximum as capacity
    from backends b`);
}

export interface LockHolderRow {
  pid: number | null;
  locks: number;
}

export function readLockHolders(db: Queryable): Promise<LockHolderRow[]> {
  return db.many(sql<LockHolderRow>`
    select l.pid, pg_catalog.count(*) as locks from pg_catalog.pg_locks l
    where not l.fastpath and l.mode <> 'SIReadLock'
    group by l.pid order by locks desc, l.pid limit 10`);
}
