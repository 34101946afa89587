import { HoldfastError } from '@holdfast/core';
import type { Pool, Transaction } from '@holdfast/postgres';
import { type Actor, insertAudit } from '../audit/index.ts';
import { presentEntry, refuseBuiltIn } from './rbac-administration.ts';
import {
  accountExists,
  deleteGrant,
  deleteMembership,
  insertGrant,
  insertMembership,
} from './rbac-changes.ts';
import { outranks, type Role, roleExceeds, userHasPermission } from './rbac-queries.ts';

/** Gives a role a permission. Giving it again changes nothing. @throws HoldfastError `not_found`, `conflict` for a built-in role. */
export function grantPermission(
  pool: Pool,
  actor: Actor,
  roleId: string,
  permissionId: string,
): Promise<Role> {
  return pool.transaction(async tx => {
    refuseBuiltIn('roles', await presentEntry(tx, 'roles', roleId), 'changed');
    const permission = await presentEntry(tx, 'permissions', permissionId);
    if (
      permission.builtIn &&
      actor.id !== null &&
      !(await userHasPermission(tx, actor.id, permission.name))
    ) {
      throw new HoldfastError('permission_denied', 'You cannot grant a permission that you do not have.');
    }
    if ((await insertGrant(tx, roleId, permissionId, actor.id)) === 1) {
      await audit(tx, actor, 'role.permission_granted', 'role', roleId, { permission: permission.name });
    }
    return presentEntry(tx, 'roles', roleId);
  });
}

/** Takes a permission from a role. @throws HoldfastError `not_found`, `conflict` for a built-in role. */
export function revokePermission(
  pool: Pool,
  actor: Actor,
  roleId: string,
  permissionId: string,
): Promise<Role> {
  return pool.transaction(async tx => {
    refuseBuiltIn('roles', await presentEntry(tx, 'roles', roleId), 'changed');
    const permission = await presentEntry(tx, 'permissions', permissionId);
    if ((await deleteGrant(tx, roleId, permissionId)) === 1) {
      await audit(tx, actor, 'role.permission_revoked', 'role', roleId, { permission: permission.name });
    }
    return presentEntry(tx, 'roles', roleId);
  });
}

/**
 * Gives an account a role; permissions count at once, the `roles` claim with the next access token.
 * @throws HoldfastError `not_found` for a role or an account that does not exist or is deleted.
 */
export function grantRole(pool: Pool, actor: Actor, userId: string, roleId: string): Promise<void> {
  return pool.transaction(async tx => {
    const role = await presentEntry(tx, 'roles', roleId);
    if (!(await accountExists(tx, userId))) throw new HoldfastError('not_found', 'There is no such account.');
    await refuseMightier(tx, actor, roleId, userId);
    if ((await insertMembership(tx, userId, roleId, actor.id)) === 1) {
      await audit(tx, actor, 'user.role_granted', 'user', userId, { role: role.name });
    }
  });
}

/** Takes a role from an account. @throws HoldfastError `not_found`, `conflict` for one's own admin role. */
export function revokeRole(pool: Pool, actor: Actor, userId: string, roleId: string): Promise<void> {
  return pool.transaction(async tx => {
    const role = await presentEntry(tx, 'roles', roleId);
    if (actor.id === userId && role.name === 'admin') {
      throw new HoldfastError(
        'conflict',
        'You cannot take the admin role from yourself; ask another administrator.',
      );
    }
    await refuseMightier(tx, actor, roleId, userId);
    if ((await deleteMembership(tx, userId, roleId)) === 1) {
      await audit(tx, actor, 'user.role_revoked', 'user', userId, { role: role.name });
    }
  });
}

/** Otherwise whoever may write roles could make themselves an administrator, or take the role from one. */
async function refuseMightier(tx: Transaction, actor: Actor, roleId: string, userId: string): Promise<void> {
  if (actor.id === null) return;
  if (await roleExceeds(tx, roleId, actor.id)) {
    throw new HoldfastError('permission_denied', 'This role has permissions that you do not have.');
  }
  if (actor.id !== userId && (await outranks(tx, userId, actor.id))) {
    throw new HoldfastError('permission_denied', 'This account has permissions that you do not have.');
  }
}

function audit(
  tx: Transaction,
  actor: Actor,
  action: string,
  subjectType: string,
  subjectId: string,
  details: Record<string, unknown>,
): Promise<void> {
  return insertAudit(tx, actor, { action, subjectType, subjectId, details });
}
