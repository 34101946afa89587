import { type Queryable, sql } from '@holdfast/postgres';

/** A session of a client. What another role does is null (and `hidden`) without pg_read_all_stats. */
export interface SessionRow {
  pid: number;
  database: string | null;
  user: string | null;
  application: string | null;
  client: string | null;
  state: string | null;
  waitsFor: string | null;
  query: string | null;
  /** This one. */
  own: boolean;
  hidden: boolean;
  /** It vacuums, which takes long and holds nothing back. */
  vacuums: boolean;
  transactionSeconds: number | null;
  querySeconds: number | null;
  stateSeconds: number | null;
}

/** Client sessions of all databases. Background workers and walsenders have limits of their own and are left out. */
export function readSessions(db: Queryable): Promise<SessionRow[]> {
  return db.many(sql<SessionRow>`
    select a.pid, a.datname::text as database, a.usename::text as user, a.application_name as application,
      coalesce(a.client_addr::text, case when a.client_port = -1 then 'socket' end) as client, a.state,
      a.wait_event_type || ':' || a.wait_event as "waitsFor", a.query,
      a.pid = pg_catalog.pg_backend_pid() as own,
      a.query is not distinct from '<insufficient privilege>' as hidden,
      exists (select from pg_catalog.pg_stat_progress_vacuum v where v.pid = a.pid) as vacuums,
      extract(epoch from pg_catalog.clock_timestamp() - a.xact_start)::float8 as "transactionSeconds",
      extract(epoch from pg_catalog.clock_timestamp() - a.query_start)::float8 as "querySeconds",
      extract(epoch from pg_catalog.clock_timestamp() - a.state_change)::float8 as "stateSeconds"
    from pg_catalog.pg_stat_activity a
    where a.backend_type = 'client backend'
      or (a.backend_type is null and a.usesysid is not null and a.datid is not null)
    order by a.pid`);
}

export interface ConnectionLimits {
  serverMaximum: number;
  /** Kept back for superusers and, from PostgreSQL 16, for pg_use_reserved_connections. */
  reserved: number;
  /** The limits of databases and roles that have one. */
  limits: { kind: 'database' | 'role'; name: string; maximum: number }[];
}

export function readConnectionLimits(db: Queryable): Promise<ConnectionLimits> {
  return db.one(sql<ConnectionLimits>`
    select pg_catalog.current_setting('max_connections')::int4 as "serverMaximum",
      pg_catalog.current_setting('superuser_reserved_connections')::int4
        + coalesce(pg_catalog.current_setting('reserved_connections', true)::int4, 0) as reserved,
      (
        select coalesce(pg_catalog.json_agg(l), '[]') from (
          select 'database' as kind, datname as name, datconnlimit as maximum
          from pg_catalog.pg_database where datconnlimit >= 0 and datallowconn
          union all
          select 'role', rolname, rolconnlimit from pg_catalog.pg_roles where rolconnlimit >= 0 and not rolsuper
        ) l
      ) as limits`);
}
