import { type Queryable, sql } from '@holdfast/postgres';

/** Tables that requests read and write. */
const TABLES = [
  'users',
  'user_profiles',
  'password_credentials',
  'login_attempts',
  'roles',
  'permissions',
  'role_permissions',
  'user_roles',
  'sessions',
  'refresh_tokens',
  'signing_keys',
  'audit_log',
];

/** Tables that requests only read. */
const READ_TABLES = ['holdfast_recovery.restore_epochs', 'holdfast_recovery.revoked_sessions'];

/** Tables that are missing, or that this role may not read or write as it has to. */
export async function findSchemaGaps(db: Queryable): Promise<string[]> {
  const rows = await db.many(
    sql<{ name: string }>`
      select name from unnest(${TABLES}::text[]) as name
      where to_regclass(name) is null or not has_table_privilege(to_regclass(name), 'select, insert')
      union all
      select name from unnest(${READ_TABLES}::text[]) as name
      where to_regclass(name) is null or not has_table_privilege(to_regclass(name), 'select')
      order by name
    `.named('schema_gaps'),
  );
  return rows.map(row => row.name);
}

/** The version of the server, as a round trip that does nothing else. */
export async function readServerVersion(db: Queryable): Promise<string> {
  const row = await db.one(
    sql<{ version: string }>`select current_setting('server_version') as version`.named('server_version'),
  );
  return row.version;
}
