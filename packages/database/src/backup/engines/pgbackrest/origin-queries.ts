import { type Queryable, sql } from '@holdfast/postgres';

export interface ClusterPlace {
  /** Null when the role may not see it. */
  readonly dataDirectory: string | null;
  readonly port: number;
  readonly role: string;
  readonly bytes: number;
}

/** Where the server says that its files are, and how large its databases are. */
export function readClusterPlace(db: Queryable): Promise<ClusterPlace> {
  return db.one(sql<ClusterPlace>`
    select (select setting from pg_catalog.pg_settings where name = 'data_directory') as "dataDirectory",
      pg_catalog.current_setting('port')::int4 as port, current_user::text as role,
      (select coalesce(sum(pg_catalog.pg_database_size(oid)), 0) from pg_catalog.pg_database
        where pg_catalog.has_database_privilege(oid, 'connect'))::float8 as bytes
  `);
}
