import { type Queryable, sql } from '@holdfast/postgres';

export interface ServerFactsRow {
  version: number;
  versionText: string;
  database: string;
  user: string;
  superuser: boolean;
  readsStatistics: boolean;
  inRecovery: boolean;
  extensions: Record<string, string>;
  schemas: string[];
}

/** Schemas of extensions, of temporary tables and of PostgreSQL itself are left out. */
export function readServerFactsRow(db: Queryable): Promise<ServerFactsRow> {
  return db.one(sql<ServerFactsRow>`
    select
      pg_catalog.current_setting('server_version_num')::pg_catalog.int4 as version,
      pg_catalog.current_setting('server_version') as "versionText",
      pg_catalog.current_database()::pg_catalog.text as database,
      current_user::pg_catalog.text as user,
      r.rolsuper as superuser,
      r.rolsuper or pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'usage') as "readsStatistics",
      pg_catalog.pg_is_in_recovery() as "inRecovery",
      (
        select coalesce(pg_catalog.json_object_agg(x.extname, n.nspname), '{}')
        from pg_catalog.pg_extension x join pg_catalog.pg_namespace n on n.oid = x.extnamespace
      ) as extensions,
      (
        select coalesce(pg_catalog.json_agg(n.nspname order by n.nspname collate "C"), '[]')
        from pg_catalog.pg_namespace n
        where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and not exists (
          select from pg_catalog.pg_depend d
          where d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass and d.objid = n.oid and d.deptype = 'e')
      ) as schemas
    from pg_catalog.pg_roles r where r.rolname = current_user`);
}

/** Those of the names that are no schemas. */
export async function listMissingSchemas(db: Queryable, names: readonly string[]): Promise<string[]> {
  const { missing } = await db.one(sql<{ missing: string[] }>`
    select coalesce(pg_catalog.array_agg(w.name), '{}') as missing
    from pg_catalog.unnest(${names}::pg_catalog.text[]) w (name)
    where not exists (select from pg_catalog.pg_namespace n where n.nspname = w.name)`);
  return missing;
}
