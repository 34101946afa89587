import { systemClock } from '@holdfast/core';
import type { HealthContext } from '@holdfast/database/health/entries';
import { type Connection, readCatalog, sql } from '@holdfast/postgres';

interface Facts {
  readonly version: number;
  readonly database: string;
  readonly user: string;
  readonly schemas: readonly string[];
  readonly extensions: Readonly<Record<string, string>>;
}

/** What an entry of the health catalogue gets on this connection of a superuser, with all the time there is. */
export async function benchHealthContext(db: Connection, databaseUrl: string): Promise<HealthContext> {
  const { extensions, ...facts } = await db.one(sql<Facts>`
    select current_setting('server_version_num')::int as version, current_database() as database,
      current_user as user,
      (select array_agg(nspname::text) from pg_namespace
        where nspname not like 'pg\\_%' and nspname <> 'information_schema') as schemas,
      (select coalesce(json_object_agg(extname, nspname), '{}')
        from pg_extension x join pg_namespace n on n.oid = x.extnamespace) as extensions
  `);
  const server = {
    ...facts,
    superuser: true,
    readsStatistics: true,
    inRecovery: false,
    extensions: new Map(Object.entries(extensions)),
  };
  return {
    db,
    clock: systemClock,
    server,
    databaseUrl,
    budgetMs: Number.POSITIVE_INFINITY,
    catalog: () => readCatalog(db, { schemas: server.schemas }),
  };
}
