import { type Queryable, sql } from '@holdfast/postgres';
import type { MaterializedBackup } from '../materialized-backup.ts';

/** Where the recovery that brought this server up has ended; the functions keep their values after it. */
export async function readReached(db: Queryable): Promise<MaterializedBackup['reached']> {
  const row = await db.one(sql<{ lsn: string | null; walFile: string; lastCommitAt: Date | null }>`
    select
      pg_catalog.pg_last_wal_replay_lsn()::text as lsn,
      pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()) as "walFile",
      pg_catalog.pg_last_xact_replay_timestamp() as "lastCommitAt"`);
  if (row.lsn === null) return null;
  return {
    lsn: row.lsn,
    timeline: Number.parseInt(row.walFile.slice(0, 8), 16),
    lastCommitAt: row.lastCommitAt?.toISOString() ?? null,
  };
}
