import { type Queryable, sql } from '@holdfast/postgres';

/**
 * When the cluster was made, in milliseconds since the epoch. The upper half of its system identifier is that second
 * (src/backend/access/transam/xlog.c, BootStrapXLOG).
 */
export async function clusterMadeAt(db: Queryable): Promise<number> {
  const { seconds } = await db.one(sql<{ seconds: string | number }>`
    select (system_identifier >> 32)::pg_catalog.text as seconds from pg_catalog.pg_control_system()
  `);
  return Number(seconds) * 1_000;
}
