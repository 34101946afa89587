import { type Queryable, sql } from '@holdfast/postgres';

/** Where and when a dump is from. */
export interface Origin {
  readonly versionNumber: number;
  readonly at: Date;
  /** Decimal text; null for a role that may not read it. */
  readonly systemIdentifier: string | null;
  /** Where the WAL was, about; null on a standby. */
  readonly lsn: string | null;
}

/** Of this transaction. */
export function readOrigin(db: Queryable): Promise<Origin> {
  return db.one(sql<Origin>`
    select pg_catalog.current_setting('server_version_num')::int4 as "versionNumber",
      pg_catalog.clock_timestamp() as at,
      case when pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'execute')
        then (select system_identifier::text from pg_catalog.pg_control_system()) end as "systemIdentifier",
      case when not pg_catalog.pg_is_in_recovery() then pg_catalog.pg_current_wal_insert_lsn()::text end as lsn
  `);
}
