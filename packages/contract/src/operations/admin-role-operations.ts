import Type from 'typebox';
import { operation } from '../operation.ts';
import { pageOf, pageQuery } from '../schemas/page.ts';
import { CreateRoleBody, PatchRoleBody, Role } from '../schemas/role.ts';
import { Id, text } from '../schemas/text.ts';

const read = { tags: ['roles'], access: 'permission', permission: 'roles:read' } as const;
const write = {
  tags: ['roles'],
  access: 'permission',
  permission: 'roles:write',
  database: 'transaction',
} as const;
const roleId = Type.Object({ roleId: Id }, { additionalProperties: false });
const roleAndPermission = Type.Object({ roleId: Id, permissionId: Id }, { additionalProperties: false });

export const entryListQuery = Type.Object(
  {
    ...pageQuery,
    search: Type.Optional(
      text({ minLength: 1, maxLength: 200, description: 'Part of the name or of the description.' }),
    ),
    deleted: Type.Optional(
      Type.Boolean({ description: 'The deleted ones instead of the others.', default: false }),
    ),
  },
  { additionalProperties: false },
);

export const adminRoleOperations = {
  listRoles: operation({
    ...read,
    operationId: 'listRoles',
    method: 'GET',
    path: '/api/v1/admin/roles',
    summary: 'List roles by name',
    query: entryListQuery,
    responses: { 200: pageOf(Role) },
    errors: ['invalid_cursor'],
  }),
  createRole: operation({
    ...write,
    operationId: 'createRole',
    method: 'POST',
    path: '/api/v1/admin/roles',
    summary: 'Create a role',
    body: CreateRoleBody,
    responses: { 201: Role },
    errors: ['conflict'],
  }),
  getRole: operation({
    ...read,
    operationId: 'getRole',
    method: 'GET',
    path: '/api/v1/admin/roles/{roleId}',
    summary: 'Read a role, deleted or not',
    params: roleId,
    responses: { 200: Role },
    errors: ['not_found'],
  }),
  patchRole: operation({
    ...write,
    operationId: 'patchRole',
    method: 'PATCH',
    path: '/api/v1/admin/roles/{roleId}',
    summary: 'Rename or describe a role',
    params: roleId,
    body: PatchRoleBody,
    responses: { 200: Role },
    errors: ['not_found', 'conflict'],
  }),
  disableRole: operation({
    ...write,
    operationId: 'disableRole',
    method: 'POST',
    path: '/api/v1/admin/roles/{roleId}/disable',
    summary: 'Disable a role: whoever has it loses its permissions until it is enabled',
    params: roleId,
    responses: { 200: Role },
    errors: ['not_found', 'conflict'],
  }),
  enableRole: operation({
    ...write,
    operationId: 'enableRole',
    method: 'POST',
    path: '/api/v1/admin/roles/{roleId}/enable',
    summary: 'Enable a disabled role',
    params: roleId,
    responses: { 200: Role },
    errors: ['not_found'],
  }),
  deleteRole: operation({
    ...write,
    operationId: 'deleteRole',
    method: 'DELETE',
    path: '/api/v1/admin/roles/{roleId}',
    summary: 'Delete a role; it can be restored',
    params: roleId,
    responses: { 204: null },
    errors: ['not_found', 'conflict'],
  }),
  restoreRole: operation({
    ...write,
    operationId: 'restoreRole',
    method: 'POST',
    path: '/api/v1/admin/roles/{roleId}/restore',
    summary: 'Restore a deleted role',
    params: roleId,
    responses: { 200: Role },
    errors: ['not_found', 'conflict'],
  }),
  grantPermission: operation({
    ...write,
    operationId: 'grantPermission',
    method: 'PUT',
    path: '/api/v1/admin/roles/{roleId}/permissions/{permissionId}',
    summary: 'Grant a permission to a role',
    description: 'Granting what is granted is fine.',
    params: roleAndPermission,
    responses: { 204: null },
    errors: ['not_found', 'conflict'],
  }),
  revokePermission: operation({
    ...write,
    operationId: 'revokePermission',
    method: 'DELETE',
    path: '/api/v1/admin/roles/{roleId}/permissions/{permissionId}',
    summary: 'Take a permission from a role',
    params: roleAndPermission,
    responses: { 204: null },
    errors: ['not_found', 'conflict'],
  }),
};
