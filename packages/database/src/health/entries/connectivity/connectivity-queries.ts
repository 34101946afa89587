import { type Queryable, sql } from '@holdfast/postgres';

/** The least a server can do. */
export async function ping(db: Queryable): Promise<void> {
  await db.one(sql`select 1 as alive`);
}

/** Milliseconds since the epoch, as the server has it. */
export async function readServerTime(db: Queryable): Promise<number> {
  const { ms } = await db.one(
    sql<{
      ms: number;
    }>`select extract(epoch from pg_catalog.clock_timestamp())::float8 * 1000 as ms`,
  );
  return ms;
}

export interface RecoveryRow {
  replayPaused: boolean | null;
  /** Seconds since the last transaction that was replayed; null when none was. */
  replayedSecondsAgo: number | null;
  /** Whether WAL is being received from a primary; null without permission. */
  receiving: boolean;
}

/** Only on a standby: on a primary the functions fail. */
export function readRecovery(db: Queryable): Promise<RecoveryRow> {
  return db.one(sql<RecoveryRow>`
    select
      pg_catalog.pg_is_wal_replay_paused() as "replayPaused",
      extract(epoch from pg_catalog.clock_timestamp() - pg_catalog.pg_last_xact_replay_timestamp())::float8
        as "replayedSecondsAgo",
      exists (select from pg_catalog.pg_stat_wal_receiver) as receiving`);
}

/** Where a new transaction of this role gets its read-only default from; null when it may write. */
export async function readReadOnlySource(db: Queryable): Promise<string | null> {
  const row = await db.one(sql<{ source: string | null }>`
    select case when s.reset_val = 'on' then coalesce(
      (
        select case
          when d.setdatabase = 0 then 'alter role ' || pg_catalog.quote_ident(current_user) || ' set'
          when d.setrole = 0 then 'alter database ' || pg_catalog.quote_ident(pg_catalog.current_database()) || ' set'
          else 'alter role ' || pg_catalog.quote_ident(current_user) || ' in database '
            || pg_catalog.quote_ident(pg_catalog.current_database()) || ' set' end
        from pg_catalog.pg_db_role_setting d
        where d.setdatabase in (0, (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()))
          and d.setrole in (0, (select oid from pg_catalog.pg_roles where rolname = current_user))
          and 'default_transaction_read_only=on' = any (d.setconfig)
        order by (d.setrole <> 0)::int4 + (d.setdatabase <> 0)::int4 desc limit 1
      ), 'the configuration of the server') end as source
    from pg_catalog.pg_settings s where s.name = 'default_transaction_read_only'`);
  return row.source;
}

/** Seconds since the server was started. */
export async function readUptime(db: Queryable): Promise<number> {
  const { seconds } = await db.one(sql<{ seconds: number }>`
    select extract(epoch from pg_catalog.clock_timestamp() - pg_catalog.pg_postmaster_start_time())::float8
      as seconds`);
  return seconds;
}
