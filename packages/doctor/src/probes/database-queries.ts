import { type Queryable, sql } from '@holdfast/postgres';

export interface ServerFacts {
  readonly version: string;
  readonly readOnly: boolean;
  readonly connections: number;
  readonly maxConnections: number;
  readonly sessions: readonly {
    readonly role: string;
    readonly total: number;
    readonly idleInTransaction: number;
  }[];
  readonly now: Date;
}

/** What kind of server this is, and its time. Needs no privilege. */
export function readServerFacts(db: Queryable): Promise<ServerFacts> {
  return db.one(sql<ServerFacts>`
    select current_setting('server_version') as version,
      pg_is_in_recovery() or current_setting('default_transaction_read_only')::boolean as "readOnly",
      (select count(*) from pg_stat_activity where backend_type = 'client backend')::int as connections,
      current_setting('max_connections')::int as "maxConnections",
      (select coalesce(json_agg(of_role), '[]') from (
        select coalesce(usename::text, '') as role, count(*)::int as total, count(*) filter (
          where state like 'idle in transaction%' and state_change < clock_timestamp() - interval '2 seconds'
        )::int as "idleInTransaction"
        from pg_stat_activity where backend_type = 'client backend' group by 1 order by 3 desc, 2 desc
      ) as of_role) as sessions,
      clock_timestamp() as now
  `);
}

export interface SessionFacts {
  readonly live: number;
  readonly withoutFamily: number;
  readonly families: number;
}

const COUNT_LIMIT = 100_000;

/** Live sessions and how many of them have lost their refresh token family; counts stop at 100,000. */
export function readSessionFacts(db: Queryable): Promise<SessionFacts> {
  return db.one(sql<SessionFacts>`
    with live as (
      select id from sessions where revoked_at is null and expires_at > now() limit ${COUNT_LIMIT}
    )
    select
      (select count(*) from live)::int as live,
      (select count(*) from live where not exists (
        select from refresh_tokens where refresh_tokens.session_id = live.id
      ))::int as "withoutFamily",
      (select count(*) from (select from refresh_tokens limit ${COUNT_LIMIT}) as families)::int as families
  `);
}

/** Which of these roles do not exist or are disabled. */
export async function missingRoles(db: Queryable, names: readonly string[]): Promise<string[]> {
  const rows = await db.many(sql<{ name: string }>`
    select wanted.name
    from unnest(${names}::text[]) as wanted (name)
    where not exists (
      select from roles
      where roles.name = wanted.name and roles.deleted_at is null and roles.disabled_at is null
    )
    order by wanted.name
  `);
  return rows.map(({ name }) => name);
}

export interface GrantFacts {
  readonly grants: number;
  readonly notGranted: string[];
}

/** How many grants there are, and which of these permissions no enabled role has. */
export function readGrantFacts(db: Queryable, permissions: readonly string[]): Promise<GrantFacts> {
  return db.one(sql<GrantFacts>`
    select
      (select count(*) from (select from role_permissions limit ${COUNT_LIMIT}) as grants)::int as grants,
      array(
        select wanted.name
        from unnest(${permissions}::text[]) as wanted (name)
        where not exists (
          select from permissions
          join role_permissions on role_permissions.permission_id = permissions.id
          join roles on roles.id = role_permissions.role_id
          where permissions.name = wanted.name and permissions.deleted_at is null and permissions.disabled_at is null
            and roles.deleted_at is null and roles.disabled_at is null
        )
        order by wanted.name
      ) as "notGranted"
  `);
}

export interface RecordedKey {
  readonly kid: string;
  readonly use: string;
  readonly status: string;
}

/** Every key that a server of this database has ever had. */
export function listRecordedKeys(db: Queryable): Promise<RecordedKey[]> {
  return db.many(sql<RecordedKey>`
    select kid, use, status, to_json(first_seen_at) #>> '{}' as "firstSeenAt" from signing_keys order by use, kid
  `);
}
