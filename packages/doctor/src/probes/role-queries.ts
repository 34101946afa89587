import { type Queryable, sql } from '@holdfast/postgres';

/** Settings that decide what the statements of a role find, and how long they may take. None of them can hold a secret. */
const NAMES = ['search_path', 'statement_timeout', 'transaction_timeout', 'default_transaction_read_only'];

/** A setting that new sessions of a role begin with in this database. */
export interface RoleSetting {
  readonly role: string;
  readonly name: string;
  readonly value: string;
  /** Whether it was set for the role; else for every role. */
  readonly ofRole: boolean;
  /** Whether it was set for this database; else for every database. */
  readonly inDatabase: boolean;
}

/** What applies to each role that may log in, or to these: what was set most narrowly wins, as in PostgreSQL. */
export function listRoleSettings(db: Queryable, roles?: readonly string[]): Promise<RoleSetting[]> {
  return db.many(sql<RoleSetting>`
    select distinct on (r.rolname, set_name.name)
      r.rolname::text as role, set_name.name, pg_catalog.substr(item.text, pg_catalog.length(set_name.name) + 2) as value,
      d.setrole <> 0 as "ofRole", d.setdatabase <> 0 as "inDatabase"
    from pg_catalog.pg_roles r
    join pg_catalog.pg_db_role_setting d on d.setrole in (0, r.oid) and d.setdatabase in (
      0, (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
    )
    cross join pg_catalog.unnest(d.setconfig) as item (text)
    cross join lateral (select pg_catalog.split_part(item.text, '=', 1) as name) as set_name
    where set_name.name = any (${NAMES}::text[])
      and case when ${roles ?? null}::text[] is null then r.rolcanlogin else r.rolname::text = any (${roles ?? null}::text[]) end
    order by r.rolname, set_name.name, d.setrole <> 0 desc, d.setdatabase <> 0 desc
  `);
}

export interface RoleFacts {
  readonly role: string;
  readonly canLogin: boolean;
  /** ISO 8601; null while its password is good, or good for ever. */
  readonly expiredAt: string | null;
  /** -1 for none. */
  readonly connectionLimit: number;
  readonly sessions: number;
}

/** What these roles may do; a role that does not exist is left out. Needs no privilege. */
export function listRoleFacts(db: Queryable, roles: readonly string[]): Promise<RoleFacts[]> {
  return db.many(sql<RoleFacts>`
    select rolname::text as role, rolcanlogin as "canLogin", rolconnlimit as "connectionLimit",
      case when rolvaliduntil < clock_timestamp() then to_json(rolvaliduntil) #>> '{}' end as "expiredAt",
      (select count(*) from pg_catalog.pg_stat_activity where usename = rolname)::int as sessions
    from pg_catalog.pg_roles where rolname::text = any (${roles}::text[]) order by rolname
  `);
}

export interface DatabaseLimit {
  readonly name: string;
  /** -1 for none. */
  readonly connectionLimit: number;
  readonly sessions: number;
}

export function readDatabaseLimit(db: Queryable): Promise<DatabaseLimit> {
  return db.one(sql<DatabaseLimit>`
    select datname::text as name, datconnlimit as "connectionLimit", (
      select count(*) from pg_catalog.pg_stat_activity as own where own.datid = oid and usename is not null
    )::int as sessions
    from pg_catalog.pg_database where datname = pg_catalog.current_database()
  `);
}
