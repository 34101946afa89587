import { newId } from '@holdfast/core';
import { sql, type Transaction } from '@holdfast/postgres';
import type { RbacTable } from './rbac-queries.ts';

/** @returns the id, or undefined when the name is taken by an entry that is not deleted. */
export async function insertEntry(
  tx: Transaction,
  table: RbacTable,
  entry: { readonly name: string; readonly description: string },
  by: string | null,
): Promise<string | undefined> {
  const row = await tx.maybeOne(sql<{ id: string }>`
    insert into ${sql.id(table)} (id, name, description, created_by, modified_by)
    values (${newId()}, ${entry.name}, ${entry.description}, ${by}::uuid, ${by}::uuid)
    on conflict (name) where deleted_at is null do nothing
    returning id
  `);
  return row?.id;
}

/** Changes an entry that is not deleted. Raises a unique violation when the name is taken. */
export function updateEntry(
  tx: Transaction,
  table: RbacTable,
  id: string,
  change: { readonly name?: string | undefined; readonly description?: string | undefined },
  by: string | null,
): Promise<number> {
  return tx.execute(sql`
    update ${sql.id(table)}
    set name = coalesce(${change.name ?? null}, name), description = coalesce(${change.description ?? null}, description),
      modified_by = ${by}::uuid
    where id = ${id} and deleted_at is null
  `);
}

/** @returns how many rows changed: 0 or 1. */
export function setDisabled(
  tx: Transaction,
  table: RbacTable,
  id: string,
  disabled: boolean,
  by: string | null,
): Promise<number> {
  return tx.execute(sql`
    update ${sql.id(table)}
    set disabled_at = case when ${disabled} then now() end, modified_by = ${by}::uuid
    where id = ${id} and deleted_at is null and (disabled_at is not null) <> ${disabled}
  `);
}

/** @returns 1 when the grant is new. */
export function insertGrant(
  tx: Transaction,
  roleId: string,
  permissionId: string,
  by: string | null,
): Promise<number> {
  return tx.execute(
    sql`
      insert into role_permissions (role_id, permission_id, created_by, modified_by)
      values (${roleId}, ${permissionId}, ${by}::uuid, ${by}::uuid)
      on conflict do nothing
    `.named('grant_insert'),
  );
}

/** @returns 1 when there was such a grant. */
export function deleteGrant(tx: Transaction, roleId: string, permissionId: string): Promise<number> {
  return tx.execute(
    sql`delete from role_permissions where role_id = ${roleId} and permission_id = ${permissionId}`.named(
      'grant_delete',
    ),
  );
}

/** Whether there is an account that is not deleted; it cannot be deleted before the transaction ends. */
export async function accountExists(tx: Transaction, userId: string): Promise<boolean> {
  const row = await tx.maybeOne(
    sql<{ id: string }>`
      select id from users where id = ${userId} and deleted_at is null for share
    `.named('account_exists'),
  );
  return row !== undefined;
}

/** @returns 1 when the membership is new. */
export function insertMembership(
  tx: Transaction,
  userId: string,
  roleId: string,
  by: string | null,
): Promise<number> {
  return tx.execute(
    sql`
      insert into user_roles (user_id, role_id, created_by, modified_by)
      values (${userId}, ${roleId}, ${by}::uuid, ${by}::uuid)
      on conflict do nothing
    `.named('membership_insert'),
  );
}

/** @returns 1 when there was such a membership. */
export function deleteMembership(tx: Transaction, userId: string, roleId: string): Promise<number> {
  return tx.execute(
    sql`delete from user_roles where user_id = ${userId} and role_id = ${roleId}`.named('membership_delete'),
  );
}
