import { systemClock } from '@holdfast/core';
import { type Connection, type Queryable, sql } from '@holdfast/postgres';

export interface PresentTable {
  readonly schema: string;
  readonly name: string;
  /** Null when it was not counted and nobody has gathered statistics of it. */
  readonly rows: number | null;
  /** False for PostgreSQL's estimate. */
  readonly counted: boolean;
}

const SMALL_PAGES = 1_024;

/** The tables of a database: small ones counted until `end` of the monotonic clock, the others with about as many rows as they have. */
export async function listPresentTables(db: Connection, end: number): Promise<PresentTable[]> {
  const tables = await listEstimates(db);
  await db.script(`set lock_timeout = '500ms'`);
  const present: PresentTable[] = [];
  for (const { schema, name, pages, estimate } of tables) {
    const isSmall = pages <= SMALL_PAGES && systemClock.monotonic() < end;
    const rows = isSmall ? await countRows(db, schema, name) : undefined;
    present.push({ schema, name, rows: rows ?? estimate, counted: rows !== undefined });
  }
  return present;
}

interface Estimate {
  readonly schema: string;
  readonly name: string;
  readonly pages: number;
  readonly estimate: number | null;
}

/** The smallest first. `reltuples` is 0 or less until the first VACUUM or ANALYZE, and `n_live_tup` begins anew after a crash. */
function listEstimates(db: Queryable): Promise<Estimate[]> {
  return db.many(sql<Estimate>`
    select n.nspname::text as schema, c.relname::text as name,
      coalesce(pg_catalog.pg_relation_size(c.oid), 0) / pg_catalog.current_setting('block_size')::int8 as pages,
      case when c.reltuples > 0 then greatest(c.reltuples, coalesce(s.n_live_tup, 0))::float8 end as estimate
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join pg_catalog.pg_stat_all_tables s on s.relid = c.oid
    where c.relkind = 'r' and c.relpersistence = 'p' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    order by pages, schema, name`);
}

/** Undefined for one that is locked, damaged or not to be read: no reason not to plan. */
async function countRows(db: Queryable, schema: string, name: string): Promise<number | undefined> {
  const query = sql<{ rows: number }>`select pg_catalog.count(*) as rows from only ${sql.id(schema, name)}`;
  return db.one(query).then(
    ({ rows }) => rows,
    () => undefined,
  );
}

export interface PresentServer {
  /** The one that was asked. */
  readonly database: string;
  /** The others on the same server that take connections. */
  readonly otherDatabases: readonly string[];
  readonly version: number;
  readonly systemIdentifier: string | null;
  readonly lsn: string | null;
  readonly connections: number;
}

/** The server that is to be replaced, and who uses it besides us. */
export function readPresentServer(db: Queryable): Promise<PresentServer> {
  return db.one(sql<PresentServer>`
    select pg_catalog.current_database()::text as database,
      array(select d.datname::text from pg_catalog.pg_database d
        where d.datallowconn and not d.datistemplate and d.datname <> pg_catalog.current_database() order by 1) as "otherDatabases",
      pg_catalog.current_setting('server_version_num')::int as version,
      case when pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'execute')
        then (select system_identifier::text from pg_catalog.pg_control_system()) end as "systemIdentifier",
      case when not pg_catalog.pg_is_in_recovery() then pg_catalog.pg_current_wal_insert_lsn()::text end as lsn,
      (select count(*) from pg_catalog.pg_stat_activity a
        where a.backend_type = 'client backend' and a.pid <> pg_catalog.pg_backend_pid())::int as connections`);
}
