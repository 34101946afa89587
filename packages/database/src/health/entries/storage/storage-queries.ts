import { type Queryable, type SqlQuery, sql } from '@holdfast/postgres';

export interface ChecksumState {
  readonly enabled: boolean;
  readonly failures: readonly {
    readonly database: string;
    readonly count: number;
    readonly last: string | null;
  }[];
}

export function readChecksums(db: Queryable): Promise<ChecksumState> {
  return db.one(sql<ChecksumState>`
    select pg_catalog.current_setting('data_checksums') = 'on' as enabled,
      (
        select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
          'database', coalesce(s.datname, '(shared objects)'), 'count', s.checksum_failures,
          'last', s.checksum_last_failure) order by s.checksum_failures desc), '[]')
        from pg_catalog.pg_stat_database s where s.checksum_failures > 0
      ) as failures
  `);
}

export interface ReplicationSlot {
  readonly name: string;
  readonly type: string;
  readonly database: string | null;
  readonly active: boolean;
  /** `reserved`, `extended`, `unreserved` or `lost`; null when it keeps none. */
  readonly walStatus: string | null;
  readonly retainedBytes: number | null;
  /** What may still be written until the slot is lost; null without max_slot_wal_keep_size. */
  readonly safeBytes: number | null;
  /** How far behind the rows are that vacuum must keep for it, in transactions. */
  readonly xminAge: number | null;
}

export function listReplicationSlots(db: Queryable): Promise<ReplicationSlot[]> {
  return db.many(sql<ReplicationSlot>`
    select s.slot_name::text as name, s.slot_type as type, s.database::text, s.active, s.wal_status as "walStatus",
      pg_catalog.pg_wal_lsn_diff(${currentLsn}, s.restart_lsn)::pg_catalog.int8 as "retainedBytes",
      s.safe_wal_size as "safeBytes",
      greatest(pg_catalog.age(s.xmin), pg_catalog.age(s.catalog_xmin)) as "xminAge"
    from pg_catalog.pg_replication_slots s
    where not s.temporary
    order by 6 desc nulls last, 1
  `);
}

/** What a primary has written, or a standby has got. */
const currentLsn: SqlQuery<never> = sql`case when pg_catalog.pg_is_in_recovery()
  then coalesce(pg_catalog.pg_last_wal_receive_lsn(), pg_catalog.pg_last_wal_replay_lsn())
  else pg_catalog.pg_current_wal_lsn() end`;

export interface Standby {
  readonly name: string;
  readonly address: string | null;
  readonly state: string | null;
  readonly syncState: string | null;
  /** Null for receivers that apply nothing, such as pg_receivewal; then it is what they have written. */
  readonly lagBytes: number | null;
  readonly lagSeconds: number | null;
  readonly applies: boolean;
}

/** Who follows this server. Needs pg_monitor for the numbers. */
export function listStandbys(db: Queryable): Promise<Standby[]> {
  return db.many(sql<Standby>`
    select coalesce(nullif(r.application_name, ''), 'pid ' || r.pid) as name, r.client_addr::text as address, r.state,
      r.sync_state as "syncState",
      pg_catalog.pg_wal_lsn_diff(${currentLsn}, coalesce(r.replay_lsn, r.flush_lsn, r.sent_lsn))::pg_catalog.int8 as "lagBytes",
      -- a receiver that keeps WAL and applies none has a replay lag that only grows
      extract(epoch from case when r.replay_lsn is null then r.flush_lag else coalesce(r.replay_lag, r.flush_lag) end)::float8
        as "lagSeconds",
      r.replay_lsn is not null as applies
    from pg_catalog.pg_stat_replication r
    where r.state is distinct from 'backup'
    order by 5 desc nulls last, 1
  `);
}

export interface Following {
  /** `streaming`, …; null when no WAL receiver runs. */
  readonly receiver: string | null;
  /** Received and not yet applied. */
  readonly unappliedBytes: number;
  /** Since the last transaction that was applied, while there is something to apply. */
  readonly behindSeconds: number | null;
  readonly paused: boolean;
}

/** How this standby follows its primary. */
export function readFollowing(db: Queryable): Promise<Following> {
  return db.one(sql<Following>`
    select (select w.status from pg_catalog.pg_stat_wal_receiver w) as receiver,
      coalesce(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_last_wal_receive_lsn(), pg_catalog.pg_last_wal_replay_lsn()), 0)::pg_catalog.int8
        as "unappliedBytes",
      case when pg_catalog.pg_last_wal_receive_lsn() is distinct from pg_catalog.pg_last_wal_replay_lsn()
        then extract(epoch from pg_catalog.clock_timestamp() - pg_catalog.pg_last_xact_replay_timestamp())::float8 end
        as "behindSeconds",
      pg_catalog.pg_is_wal_replay_paused() as paused
  `);
}

export interface SynchronousWish {
  /** synchronous_standby_names; empty when commits wait for nobody. */
  readonly names: string;
  readonly waiting: boolean;
}

export function readSynchronousWish(db: Queryable): Promise<SynchronousWish> {
  return db.one(sql<SynchronousWish>`
    select pg_catalog.current_setting('synchronous_standby_names') as names,
      pg_catalog.current_setting('synchronous_commit') not in ('off', 'local') as waiting
  `);
}

export interface ArchiverState {
  readonly mode: string;
  readonly configured: boolean;
  readonly lastArchived: string | null;
  readonly lastArchivedSeconds: number | null;
  readonly lastFailed: string | null;
  readonly lastFailedSeconds: number | null;
  /** The segment that is being written; null on a standby. */
  readonly currentSegment: string | null;
}

export function readArchiver(db: Queryable): Promise<ArchiverState> {
  return db.one(sql<ArchiverState>`
    select pg_catalog.current_setting('archive_mode') as mode,
      exists (
        select from pg_catalog.pg_settings s
        where s.name in ('archive_command', 'archive_library') and s.setting not in ('', '(disabled)')
      ) or pg_catalog.current_setting('archive_mode') = 'off' as configured,
      a.last_archived_wal as "lastArchived",
      extract(epoch from pg_catalog.clock_timestamp() - a.last_archived_time)::float8 as "lastArchivedSeconds",
      a.last_failed_wal as "lastFailed",
      extract(epoch from pg_catalog.clock_timestamp() - a.last_failed_time)::float8 as "lastFailedSeconds",
      case when not pg_catalog.pg_is_in_recovery() then pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()) end
        as "currentSegment"
    from pg_catalog.pg_stat_archiver a
  `);
}

/** How many finished segments wait to be archived. Needs pg_monitor. */
export function waitingSegments(): SqlQuery<{ waiting: number }> {
  return sql<{ waiting: number }>`
    select count(*) as waiting from pg_catalog.pg_ls_archive_statusdir() f where f.name like '%.ready'
  `;
}

export interface SafetySetting {
  readonly name: string;
  readonly setting: string;
  readonly pendingRestart: boolean;
}

/** The settings that a crash must not meet switched off, and those that wait for a restart. */
export function listSafetySettings(db: Queryable): Promise<SafetySetting[]> {
  return db.many(sql<SafetySetting>`
    select s.name, s.setting, s.pending_restart as "pendingRestart"
    from pg_catalog.pg_settings s
    where s.pending_restart or (s.name in ('fsync', 'full_page_writes') and s.setting = 'off')
    order by s.name
  `);
}

export interface CacheCounts {
  readonly hit: number | string;
  readonly read: number | string;
}

/** Blocks of this database that were found in PostgreSQL's own cache, and that were not, since the statistics began. */
export function readCacheCounts(db: Queryable): Promise<CacheCounts> {
  return db.one(sql<CacheCounts>`
    select s.blks_hit as hit, s.blks_read as read
    from pg_catalog.pg_stat_database s where s.datname = pg_catalog.current_database()
  `);
}
