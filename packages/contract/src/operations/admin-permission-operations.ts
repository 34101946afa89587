import Type from 'typebox';
import { operation } from '../operation.ts';
import { pageOf } from '../schemas/page.ts';
import { CreatePermissionBody, PatchPermissionBody, Permission } from '../schemas/role.ts';
import { Id } from '../schemas/text.ts';
import { entryListQuery } from './admin-role-operations.ts';

const read = { tags: ['permissions'], access: 'permission', permission: 'roles:read' } as const;
const write = {
  tags: ['permissions'],
  access: 'permission',
  permission: 'roles:write',
  database: 'transaction',
} as const;
const permissionId = Type.Object({ permissionId: Id }, { additionalProperties: false });

export const adminPermissionOperations = {
  listPermissions: operation({
    ...read,
    operationId: 'listPermissions',
    method: 'GET',
    path: '/api/v1/admin/permissions',
    summary: 'List permissions by name',
    query: entryListQuery,
    responses: { 200: pageOf(Permission) },
    errors: ['invalid_cursor'],
  }),
  createPermission: operation({
    ...write,
    operationId: 'createPermission',
    method: 'POST',
    path: '/api/v1/admin/permissions',
    summary: 'Create a permission',
    body: CreatePermissionBody,
    responses: { 201: Permission },
    errors: ['conflict'],
  }),
  patchPermission: operation({
    ...write,
    operationId: 'patchPermission',
    method: 'PATCH',
    path: '/api/v1/admin/permissions/{permissionId}',
    summary: 'Describe a permission',
    params: permissionId,
    body: PatchPermissionBody,
    responses: { 200: Permission },
    errors: ['not_found'],
  }),
  disablePermission: operation({
    ...write,
    operationId: 'disablePermission',
    method: 'POST',
    path: '/api/v1/admin/permissions/{permissionId}/disable',
    summary: 'Disable a permission: nobody has it until it is enabled',
    params: permissionId,
    responses: { 200: Permission },
    errors: ['not_found', 'conflict'],
  }),
  enablePermission: operation({
    ...write,
    operationId: 'enablePermission',
    method: 'POST',
    path: '/api/v1/admin/permissions/{permissionId}/enable',
    summary: 'Enable a disabled permission',
    params: permissionId,
    responses: { 200: Permission },
    errors: ['not_found'],
  }),
  deletePermission: operation({
    ...write,
    operationId: 'deletePermission',
    method: 'DELETE',
    path: '/api/v1/admin/permissions/{permissionId}',
    summary: 'Delete a permission; it can be restored',
    params: permissionId,
    responses: { 204: null },
    errors: ['not_found', 'conflict'],
  }),
  restorePermission: operation({
    ...write,
    operationId: 'restorePermission',
    method: 'POST',
    path: '/api/v1/admin/permissions/{permissionId}/restore',
    summary: 'Restore a deleted permission',
    params: permissionId,
    responses: { 200: Permission },
    errors: ['not_found', 'conflict'],
  }),
};
