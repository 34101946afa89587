export { grantPermission, grantRole, revokePermission, revokeRole } from './grants.ts';
export {
  assertRolesExist,
  changeEntry,
  createEntry,
  deleteEntry,
  presentEntry,
  restoreEntry,
  toggleEntry,
} from './rbac-administration.ts';
export {
  findPermission,
  findRole,
  findRoleIds,
  listPermissions,
  listRoles,
  missingRoles,
  outranks,
  type Permission,
  type RbacFilter,
  type RbacTable,
  type Role,
  roleExceeds,
  userHasPermission,
} from './rbac-queries.ts';
