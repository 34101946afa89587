import { type Queryable, sql } from '@holdfast/postgres';

/** What PostgreSQL has counted in this database since its statistics began. */
export interface DatabaseCounters {
  deadlocks: number;
  commits: number;
  rollbacks: number;
  tempFiles: number;
  tempBytes: number;
  /** The age of the statistics in seconds; null when it is not known. */
  sinceSeconds: number | null;
}

/**
 * From PostgreSQL 15 a database that was never reset has no stats_reset; then the counters are as old as those of the
 * cluster, which begin anew when a crash has cost all statistics.
 */
export function readDatabaseCounters(db: Queryable): Promise<DatabaseCounters> {
  return db.one(sql<DatabaseCounters>`
    select d.deadlocks, d.xact_commit as commits, d.xact_rollback as rollbacks, d.temp_files as "tempFiles",
      d.temp_bytes as "tempBytes",
      extract(epoch from pg_catalog.clock_timestamp()
        - coalesce(d.stats_reset, least(b.stats_reset, a.stats_reset, w.stats_reset)))::float8 as "sinceSeconds"
    from pg_catalog.pg_stat_database d, pg_catalog.pg_stat_bgwriter b, pg_catalog.pg_stat_archiver a,
      pg_catalog.pg_stat_wal w
    where d.datname = pg_catalog.current_database()`);
}

export interface PreparedRow {
  gid: string;
  owner: string;
  database: string;
  seconds: number;
}

/** Prepared transactions of all databases, the oldest first. */
export function readPrepared(db: Queryable): Promise<PreparedRow[]> {
  return db.many(sql<PreparedRow>`
    select x.gid, x.owner::text, x.database::text,
      extract(epoch from pg_catalog.clock_timestamp() - x.prepared)::float8 as seconds
    from pg_catalog.pg_prepared_xacts x order by x.prepared, x.gid`);
}
