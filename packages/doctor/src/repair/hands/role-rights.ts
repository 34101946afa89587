import { type Queryable, type SqlQuery, sql } from '@holdfast/postgres';

/** Whether the role of a session may do something, and which role it is. */
interface Permission {
  readonly by: string;
  readonly may: boolean;
}

function permission(condition: SqlQuery): SqlQuery<Permission & Record<string, unknown>> {
  return sql<Permission & Record<string, unknown>>`
    select current_user::text as by, me.rolsuper or coalesce(${condition}, false) as may
    from pg_catalog.pg_roles me where me.rolname = current_user`;
}

/** Who may create roles may change those that it administers; before PostgreSQL 16, all but superusers. */
export function mayAlterRole(db: Queryable, role: string): Promise<Permission> {
  return db.one(
    permission(sql`(
      select me.rolcreaterole and not other.rolsuper and (
        pg_catalog.current_setting('server_version_num')::int4 < 160000
        or pg_catalog.pg_has_role(me.oid, other.oid, 'MEMBER WITH ADMIN OPTION')
      ) from pg_catalog.pg_roles other where other.rolname = ${role}
    )`),
  );
}

/** Whoever owns a database may change its settings and its limit. */
export function mayAlterDatabase(db: Queryable): Promise<Permission> {
  return db.one(
    permission(sql`(
      select pg_catalog.pg_has_role(me.oid, d.datdba, 'USAGE')
      from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()
    )`),
  );
}

export function isSuperuser(db: Queryable): Promise<Permission> {
  return db.one(permission(sql`false`));
}
