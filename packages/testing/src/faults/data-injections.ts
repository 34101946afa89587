import { type SqlQuery, sql } from '@holdfast/postgres';
import type { Stack } from '../stack.ts';
import type { FaultInjection } from './fault-injection.ts';

/** Damage done by statements of the superuser, mended by the saved database. */
function damage(name: string, expected: FaultInjection['expected'], statement: SqlQuery): FaultInjection {
  return {
    name,
    inject: async (stack: Stack) => {
      await stack.asSuperuser(db => db.query(statement));
    },
    heal: stack => stack.restoreDatabase(),
    expected,
  };
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
