import { excludeDeleted, type Queryable, sql } from '@holdfast/postgres';

/** Whether a live account has a permission through any enabled role, as the database says now. */
export async function userHasPermission(db: Queryable, userId: string, permission: string): Promise<boolean> {
  const row = await db.maybeOne(
    sql<{ granted: boolean }>`
      select true as granted
      from users
      join user_roles on user_roles.user_id = users.id
      join roles on roles.id = user_roles.role_id and roles.deleted_at is null and roles.disabled_at is null
      join role_permissions on role_permissions.role_id = roles.id
      join permissions on permissions.id = role_permissions.permission_id
        and permissions.deleted_at is null and permissions.disabled_at is null
      where users.id = ${userId} and users.status = 'active' and users.deleted_at is null
        and permissions.name = ${permission}
      limit 1
    `.named('user_has_permission'),
  );
  return row !== undefined;
}

/** Whether an account holds a permission that another one lacks. Nobody may administer who is mightier. */
export async function outranks(db: Queryable, userId: string, otherId: string): Promise<boolean> {
  const row = await db.one(
    sql<{ outranks: boolean }>`
      with held as (
        select user_roles.user_id, role_permissions.permission_id
        from user_roles
        join roles on roles.id = user_roles.role_id and roles.deleted_at is null and roles.disabled_at is null
        join role_permissions on role_permissions.role_id = roles.id
        where user_roles.user_id in (${userId}, ${otherId})
      )
      select exists (
        select permission_id from held where user_id = ${userId}
        except
        select permission_id from held where user_id = ${otherId}
      ) as outranks
    `.named('user_outranks'),
  );
  return row.outranks;
}

/** Whether a role holds a built-in permission that an account lacks. Nobody may hand out more than they have. */
export async function roleExceeds(db: Queryable, roleId: string, userId: string): Promise<boolean> {
  const row = await db.one(
    sql<{ exceeds: boolean }>`
      select exists (
        select permissions.id from role_permissions
        join permissions on permissions.id = role_permissions.permission_id and permissions.built_in
        where role_permissions.role_id = ${roleId}
        except
        select role_permissions.permission_id from user_roles
        join roles on roles.id = user_roles.role_id and roles.deleted_at is null and roles.disabled_at is null
        join role_permissions on role_permissions.role_id = roles.id
        where user_roles.user_id = ${userId}
      ) as exceeds
    `.named('role_exceeds'),
  );
  return row.exceeds;
}

export interface Permission {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly builtIn: boolean;
  readonly disabledAt: Date | null;
  readonly createdAt: Date;
  readonly modifiedAt: Date;
  readonly deletedAt: Date | null;
}

export interface Role extends Permission {
  /** Names of its permissions, deleted ones left out. */
  readonly permissions: readonly string[];
}

/** The two tables have the same columns; the statements below differ in the table alone. */
export type RbacTable = 'roles' | 'permissions';

const COLUMNS = sql`
  entry.id, entry.name, entry.description, entry.built_in as "builtIn", entry.disabled_at as "disabledAt",
  entry.created_at as "createdAt", entry.modified_at as "modifiedAt", entry.deleted_at as "deletedAt"
`;

const GRANTS = sql`array(
  select permissions.name from role_permissions
  join permissions on permissions.id = role_permissions.permission_id and permissions.deleted_at is null
  where role_permissions.role_id = entry.id order by permissions.name
) as permissions`;

export interface RbacFilter {
  /** Part of the name or the description, in any case. */
  readonly search?: string | undefined;
  readonly deleted?: boolean | undefined;
  /** The last name of the page before, with its id. */
  readonly after?: { readonly name: string; readonly id: string } | undefined;
  readonly limit: number;
}

/** Roles with their permissions, by name. */
export function listRoles(db: Queryable, filter: RbacFilter): Promise<Role[]> {
  return db.many(sql<Role>`select ${COLUMNS}, ${GRANTS} from roles as entry ${pageOf(filter)}`);
}

/** Permissions by name. */
export function listPermissions(db: Queryable, filter: RbacFilter): Promise<Permission[]> {
  return db.many(sql<Permission>`select ${COLUMNS} from permissions as entry ${pageOf(filter)}`);
}

function pageOf({ search, deleted, after, limit }: RbacFilter) {
  const pattern = search === undefined ? undefined : `%${search.replaceAll(/[\\%_]/g, '\\$&')}%`;
  const conditions = [
    deleted === true ? sql`entry.deleted_at is not null` : sql`entry.deleted_at is null`,
    pattern === undefined
      ? undefined
      : sql`(entry.name ilike ${pattern} or entry.description ilike ${pattern})`,
    after === undefined ? undefined : sql`(entry.name, entry.id) > (${after.name}, ${after.id}::uuid)`,
  ].filter(condition => condition !== undefined);
  return sql`where ${sql.join(conditions, ' and ')} order by entry.name, entry.id limit ${limit}`;
}

/** A role by id, deleted ones included. */
export function findRole(db: Queryable, id: string): Promise<Role | undefined> {
  return db.maybeOne(
    sql<Role>`select ${COLUMNS}, ${GRANTS} from roles as entry where entry.id = ${id}`.named('role_find'),
  );
}

/** A permission by id, deleted ones included. */
export function findPermission(db: Queryable, id: string): Promise<Permission | undefined> {
  return db.maybeOne(
    sql<Permission>`select ${COLUMNS} from permissions as entry where entry.id = ${id}`.named(
      'permission_find',
    ),
  );
}

/** Which of these role names do not exist. */
export async function missingRoles(db: Queryable, names: readonly string[]): Promise<string[]> {
  const rows = await db.many(
    sql<{ name: string }>`
      select wanted.name from unnest(${names}::text[]) as wanted (name)
      where not exists (select from roles where roles.name = wanted.name and roles.deleted_at is null)
    `.named('roles_missing'),
  );
  return rows.map(row => row.name);
}

/** The ids of the roles of these names that exist. */
export async function findRoleIds(db: Queryable, names: readonly string[]): Promise<Map<string, string>> {
  const rows = await db.many(
    sql<{ id: string; name: string }>`
      select id, name from roles where name = any(${names}::text[]) and ${excludeDeleted()}
    `.named('roles_ids'),
  );
  return new Map(rows.map(({ id, name }) => [name, id]));
}
