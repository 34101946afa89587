import { type Queryable, sql } from '@holdfast/postgres';

export interface ServerRow {
  readonly versionNumber: number;
  readonly walLevel: string;
  readonly inRecovery: boolean;
  readonly database: string;
}

export function readServer(db: Queryable): Promise<ServerRow> {
  return db.one(sql<ServerRow>`
    select pg_catalog.current_setting('server_version_num')::int4 as "versionNumber",
      pg_catalog.current_setting('wal_level') as "walLevel", pg_catalog.pg_is_in_recovery() as "inRecovery",
      pg_catalog.current_database()::text as database
  `);
}

/** The databases that somebody may connect to, by name. */
export async function listDatabases(db: Queryable): Promise<string[]> {
  const rows = await db.many(sql<{ name: string }>`
    select datname::text as name from pg_catalog.pg_database
    where datallowconn and not datistemplate order by datname collate "C"
  `);
  return rows.map(({ name }) => name);
}

export async function readClock(db: Queryable): Promise<Date> {
  return (await db.one(sql<{ now: Date }>`select pg_catalog.clock_timestamp() as now`)).now;
}

/**
 * Writes a record that changes nothing and waits until it is on the server's disk. Resolves to its end: what lies before is
 * followed by at least one record.
 */
export async function writeMark(db: Queryable): Promise<string> {
  await db.query(sql`select pg_catalog.set_config('synchronous_commit', 'local', false)`);
  const { lsn } = await db.one(sql<{ lsn: string }>`
    select pg_catalog.pg_logical_emit_message(true, 'holdfast', 'backup')::text as lsn
  `);
  return lsn;
}

export interface Moment {
  /** `xmin:xmax:xip,…` (PostgreSQL manual, "Transaction ID and Snapshot Information Functions"). */
  readonly snapshot: string;
  readonly lsn: string;
}

/** The snapshot of this statement, and a position in the WAL that is read just after it. */
export function readMoment(db: Queryable): Promise<Moment> {
  return db.one(sql<Moment>`
    select pg_catalog.pg_current_snapshot()::text as snapshot, pg_catalog.pg_current_wal_insert_lsn()::text as lsn
  `);
}

/**
 * The snapshot of this moment when nobody writes; undefined when somebody does. A transaction that has written locks its own id
 * until it has ended, and that is for everybody to see; the youngest ones are in no snapshot.
 */
export async function readQuietSnapshot(db: Queryable): Promise<string | undefined> {
  const { snapshot, writing } = await db.one(sql<{ snapshot: string; writing: boolean }>`
    select pg_catalog.pg_current_snapshot()::text as snapshot, exists (
      select from pg_catalog.pg_locks where locktype = 'transactionid' and mode = 'ExclusiveLock' and granted
    ) as writing
  `);
  return writing ? undefined : snapshot;
}

/** How these transactions ended; null when it is no longer known. */
export async function readOutcomes(db: Queryable, xids: readonly string[]): Promise<(string | null)[]> {
  const rows = await db.many(sql<{ status: string | null }>`
    select pg_catalog.pg_xact_status(wanted.xid::pg_catalog.xid8) as status
    from pg_catalog.unnest(${xids}::text[]) wanted (xid)
  `);
  return rows.map(({ status }) => status);
}
