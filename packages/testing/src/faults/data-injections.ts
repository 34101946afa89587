import { type Queryable, type SqlQuery, sql } from '@holdfast/postgres';
import type { Stack } from '../stack.ts';
import type { FaultInjection } from './fault-injection.ts';

/** Damage done by statements of the superuser, mended by the saved database. */
export function damage(
  name: string,
  expected: FaultInjection['expected'],
  statement: SqlQuery,
): FaultInjection {
  return {
    name,
    inject: async (stack: Stack) => {
      await stack.asSuperuser(db => db.query(statement));
    },
    heal: stack => stack.restoreDatabase(),
    expected,
  };
}

/** Whoever examines the database as the owner of its tables sees as much as its superuser. */
export async function letOwnerCheckIndexes(db: Queryable): Promise<void> {
  await db.query(
    sql`grant execute on function pg_catalog.bt_index_check(regclass, boolean) to holdfast_owner`,
  );
}

/** A table is dropped with everything that hangs on it; the ledger knows nothing of it. */
export function tableMissing(table: string): FaultInjection {
  const expected = { code: 'table_missing', layer: 'schema', subject: `table:${table}` };
  return damage(`the table ${table} dropped`, expected, sql`drop table ${sql.id(table)} cascade`);
}

export function columnMissing(table: string, column: string): FaultInjection {
  const expected = { code: 'column_missing', layer: 'schema', subject: `column:${table}.${column}` };
  return damage(
    `the column ${table}.${column} dropped`,
    expected,
    sql`alter table ${sql.id(table)} drop column ${sql.id(column)} cascade`,
  );
}

export function indexMissing(index: string): FaultInjection {
  const expected = { code: 'index_missing', layer: 'schema', subject: `index:${index}` };
  return damage(`the index ${index} dropped`, expected, sql`drop index ${sql.id(index)}`);
}

export function constraintMissing(table: string, constraint: string): FaultInjection {
  const expected = {
    code: 'constraint_missing',
    layer: 'schema',
    subject: `constraint:${table}.${constraint}`,
  };
  return damage(
    `the constraint ${constraint} dropped`,
    expected,
    sql`alter table ${sql.id(table)} drop constraint ${sql.id(constraint)}`,
  );
}

/** The ledger says that the last migration was never applied. */
export const migrationsPending: FaultInjection = damage(
  'the last migration taken out of the ledger',
  { code: 'migrations_pending', layer: 'schema', subject: 'migrations' },
  sql`
    delete from holdfast_ledger.migrations
    where version = (select version from holdfast_ledger.migrations order by version::numeric desc limit 1)
  `,
);

/** Every grant of a permission to a role is deleted. */
export const rolePermissionsDeleted: FaultInjection = damage(
  'every grant deleted',
  { code: 'role_permissions_deleted', layer: 'data', subject: 'table:role_permissions' },
  sql`delete from role_permissions`,
);

/** One permission is taken from every role. */
export function permissionNotGranted(permission: string): FaultInjection {
  const expected = { code: 'permission_not_granted', layer: 'data', subject: `permission:${permission}` };
  return damage(
    `${permission} granted to nobody`,
    expected,
    sql`
      delete from role_permissions using permissions
      where permissions.id = role_permissions.permission_id and permissions.name = ${permission}
    `,
  );
}

export function builtInRoleMissing(role: string): FaultInjection {
  const expected = { code: 'built_in_role_missing', layer: 'data', subject: `role:${role}` };
  return damage(`the role ${role} deleted`, expected, sql`delete from roles where name = ${role}`);
}

/** Everybody still works until their access token expires. */
export const refreshTokensTruncated: FaultInjection = damage(
  'refresh_tokens truncated',
  { code: 'refresh_tokens_truncated', layer: 'data', subject: 'table:refresh_tokens' },
  sql`truncate refresh_tokens`,
);

/** A function is dropped with the triggers that call it. */
export function functionMissing(name: string): FaultInjection {
  const expected = { code: 'function_missing', layer: 'schema', subject: `function:${name}()` };
  return damage(`the function ${name} dropped`, expected, sql`drop function ${sql.id(name)} cascade`);
}

export function triggerDisabled(table: string, trigger: string): FaultInjection {
  const expected = { code: 'trigger_disabled', layer: 'schema', subject: `trigger:${table}.${trigger}` };
  return damage(
    `the trigger ${trigger} switched off`,
    expected,
    sql`alter table ${sql.id(table)} disable trigger ${sql.id(trigger)}`,
  );
}

/** The role of the API loses its rights on one table. */
export function rightsRevoked(table: string): FaultInjection {
  const expected = { code: 'rights_revoked', layer: 'schema', subject: `table:${table}` };
  return damage(
    `the rights on ${table} revoked`,
    expected,
    sql`revoke all on ${sql.id(table)} from holdfast_app`,
  );
}

/** As after rows were loaded with their keys. */
export function sequenceBehind(table: string, column: string): FaultInjection {
  const expected = { code: 'sequence_behind', layer: 'data', subject: `sequence:${table}_${column}_seq` };
  return damage(
    `the sequence of ${table}.${column} set back`,
    expected,
    sql`select setval(pg_get_serial_sequence(${table}, ${column}), 1, false)`,
  );
}

/** Users are deleted while the foreign keys are not enforced. */
export const sessionsOrphaned: FaultInjection = {
  name: 'users deleted beneath their sessions',
  inject: stack =>
    stack.asSuperuser(async db => {
      await db.query(sql`set session_replication_role = replica`);
      await db.query(sql`delete from users where id in (select user_id from sessions)`);
    }),
  heal: stack => stack.restoreDatabase(),
  expected: {
    code: 'rows_without_parent',
    layer: 'data',
    subject: 'table:users',
  },
};

/** A unique index is taken out of use while two rows get one key, and put back as if nothing had been. */
export const duplicateRoleNames: FaultInjection = {
  name: 'two roles of one name under a unique index',
  inject: stack =>
    stack.asSuperuser(async db => {
      const mark = (ready: boolean) =>
        db.query(
          sql`update pg_index set indisready = ${ready} where indexrelid = 'roles_name_unique'::regclass`,
        );
      await db.query(
        sql`insert into roles (id, name, description) values (gen_random_uuid(), 'twin', 'the first')`,
      );
      await mark(false);
      await db.query(
        sql`insert into roles (id, name, description) values (gen_random_uuid(), 'twin', 'the second')`,
      );
      await mark(true);
      await letOwnerCheckIndexes(db);
    }),
  heal: stack => stack.restoreDatabase(),
  expected: { code: 'duplicate_keys', layer: 'data', subject: 'index:roles_name_unique' },
};
