import { type Queryable, type SqlQuery, sql } from '@holdfast/postgres';

export interface OpenRight {
  /** Such as `table public.users`. */
  readonly object: string;
  /** As the comparison of catalogs calls it: `public.users`, `tables of app in public`. */
  readonly name: string;
  readonly privileges: string;
  readonly revoke: string;
}

/** What everybody may change: rows of tables, the contents of schemas, and what later tables will be granted. */
export function listOpenRights(db: Queryable, schemas: readonly string[]): Promise<OpenRight[]> {
  return db.many(sql<OpenRight>`
    with open as (
      select pg_catalog.format('table %I.%I', n.nspname, c.relname) as object,
        pg_catalog.format('%I.%I', n.nspname, c.relname) as name, a.privilege_type as privilege, null::text as prefix
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      cross join lateral pg_catalog.aclexplode(c.relacl) a
      where c.relkind in ('r', 'p', 'v', 'f') and a.grantee = 0 and n.nspname = any (${schemas}::pg_catalog.text[])
        and a.privilege_type in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
      union all
      select pg_catalog.format('schema %I', n.nspname), pg_catalog.quote_ident(n.nspname), a.privilege_type, null
      from pg_catalog.pg_namespace n cross join lateral pg_catalog.aclexplode(n.nspacl) a
      where a.grantee = 0 and a.privilege_type = 'CREATE' and n.nspname = any (${schemas}::pg_catalog.text[])
      union all
      select pg_catalog.format('tables that %I will create%s', pg_catalog.pg_get_userbyid(d.defaclrole),
          case when n.oid is not null then pg_catalog.format(' in schema %I', n.nspname) end),
        pg_catalog.format('tables of %I%s', pg_catalog.pg_get_userbyid(d.defaclrole),
          case when n.oid is not null then pg_catalog.format(' in %I', n.nspname) end),
        a.privilege_type,
        pg_catalog.format('alter default privileges for role %I%s', pg_catalog.pg_get_userbyid(d.defaclrole),
          case when n.oid is not null then pg_catalog.format(' in schema %I', n.nspname) end)
      from pg_catalog.pg_default_acl d
      left join pg_catalog.pg_namespace n on n.oid = d.defaclnamespace
      cross join lateral pg_catalog.aclexplode(d.defaclacl) a
      where d.defaclobjtype = 'r' and a.grantee = 0 and a.privilege_type in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
    )
    select object, name, pg_catalog.string_agg(privilege, ', ' order by privilege) as privileges,
      case when prefix is not null
        then prefix || ' revoke ' || pg_catalog.string_agg(privilege, ', ' order by privilege) || ' on tables from public;'
        else 'revoke ' || pg_catalog.string_agg(privilege, ', ' order by privilege) || ' on ' || object || ' from public;'
      end as revoke
    from open group by object, name, prefix order by object
  `);
}

export interface IdlePolicies {
  readonly table: string;
  readonly policies: number;
}

/** Tables with policies on which row security is off: the policies are not applied. */
export function listIdlePolicies(db: Queryable, schemas: readonly string[]): Promise<IdlePolicies[]> {
  return db.many(sql<IdlePolicies>`
    select pg_catalog.format('%I.%I', n.nspname, c.relname) as "table", count(*) as policies
    from pg_catalog.pg_policy p
    join pg_catalog.pg_class c on c.oid = p.polrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where not c.relrowsecurity and n.nspname = any (${schemas}::pg_catalog.text[])
    group by n.nspname, c.relname
    order by 1
  `);
}

export interface OutdatedExtension {
  readonly name: string;
  readonly installed: string;
  readonly available: string;
}

/** Extensions of which the server has a newer version than the database. */
export function listOutdatedExtensions(db: Queryable): Promise<OutdatedExtension[]> {
  return db.many(sql<OutdatedExtension>`
    select x.extname::text as name, x.extversion as installed, v.default_version as available
    from pg_catalog.pg_extension x
    join pg_catalog.pg_available_extensions v on v.name = x.extname
    where v.default_version <> x.extversion
    order by 1
  `);
}

export interface FileSetting {
  readonly name: string;
  readonly file: string | null;
  readonly line: number | null;
  readonly inFile: string | null;
  readonly running: string | null;
  readonly error: string | null;
}

/**
 * Where the configuration files and the running server contradict each other: values that were written and never loaded, and lines that
 * the server does not understand. What only waits for a restart is another entry's. A file is compared when it was written after
 * the server last read it, since a value can be written in several ways.
 */
export function fileDifferences(): SqlQuery<FileSetting> {
  return sql<FileSetting>`
    select coalesce(f.name, '') as name, f.sourcefile as file, f.sourceline as line, f.setting as "inFile",
      pg_catalog.current_setting(f.name, true) as running, f.error
    from pg_catalog.pg_file_settings f
    left join pg_catalog.pg_settings s on s.name = pg_catalog.lower(f.name)
    where (f.error is not null and not coalesce(s.pending_restart, false) and f.error not like '%without restart%')
      or (f.applied and not coalesce(s.pending_restart, false)
        and f.setting is distinct from pg_catalog.current_setting(f.name, true)
        and (pg_catalog.pg_stat_file(f.sourcefile)).modification > pg_catalog.pg_conf_load_time())
    order by f.seqno
  `;
}
