import Type from 'typebox';
import { operation } from '../operation.ts';
import { ImportResult } from '../schemas/import.ts';
import { pageOf, pageQuery } from '../schemas/page.ts';
import { RevokedCount, SessionList } from '../schemas/session.ts';
import { choice, Id, text } from '../schemas/text.ts';
import { AdminUser, CreateUserBody, PatchUserBody } from '../schemas/user.ts';

const read = { tags: ['users'], access: 'permission', permission: 'users:read' } as const;
const write = { tags: ['users'], access: 'permission', permission: 'users:write' } as const;
const userId = Type.Object({ userId: Id }, { additionalProperties: false });
const userAndRole = Type.Object({ userId: Id, roleId: Id }, { additionalProperties: false });
const userAndSession = Type.Object({ userId: Id, sessionId: Id }, { additionalProperties: false });

const userListQuery = Type.Object(
  {
    ...pageQuery,
    search: Type.Optional(
      text({
        minLength: 1,
        maxLength: 200,
        description: 'Part of the e-mail address or of the display name.',
      }),
    ),
    status: Type.Optional(
      choice(['active', 'disabled', 'deleted'], {
        description: 'Without it, all that are not deleted.',
      }),
    ),
  },
  { additionalProperties: false },
);

export const adminUserOperations = {
  listUsers: operation({
    ...read,
    operationId: 'listUsers',
    method: 'GET',
    path: '/api/v1/admin/users',
    summary: 'List accounts, newest first',
    query: userListQuery,
    responses: { 200: pageOf(AdminUser) },
    errors: ['invalid_cursor'],
  }),
  createUser: operation({
    ...write,
    operationId: 'createUser',
    database: 'transaction',
    method: 'POST',
    path: '/api/v1/admin/users',
    summary: 'Create an account',
    body: CreateUserBody,
    responses: { 201: AdminUser },
    errors: ['password_rejected', 'email_taken', 'not_found', 'overloaded'],
  }),
  importUsers: operation({
    ...write,
    operationId: 'importUsers',
    database: 'transaction',
    method: 'POST',
    path: '/api/v1/admin/users/import',
    summary: 'Create many accounts from NDJSON or CSV',
    description:
      'One account a record, with the members of `ImportRecord`; in CSV the first record names the columns, and roles are ' +
      'separated by spaces. Good records are kept and bad ones are reported with their line. An account whose e-mail ' +
      'address exists is reported and left as it is, so that an import can be repeated.',
    body: Type.String(),
    bodyType: ['application/x-ndjson', 'text/csv'],
    responses: { 200: ImportResult },
  }),
  getUser: operation({
    ...read,
    operationId: 'getUser',
    method: 'GET',
    path: '/api/v1/admin/users/{userId}',
    summary: 'Read an account, deleted or not',
    params: userId,
    responses: { 200: AdminUser },
    errors: ['not_found'],
  }),
  patchUser: operation({
    ...write,
    operationId: 'patchUser',
    recentAuth: ['email', 'password'],
    revokes: true,
    database: 'transaction',
    method: 'PATCH',
    path: '/api/v1/admin/users/{userId}',
    summary: 'Change an account',
    description:
      'A new password ends all sessions of the account. For a new address or password the own password must have been given recently: see stepUp.',
    params: userId,
    body: PatchUserBody,
    responses: { 200: AdminUser },
    errors: ['not_found', 'password_rejected', 'email_taken', 'overloaded'],
  }),
  disableUser: operation({
    ...write,
    operationId: 'disableUser',
    revokes: true,
    database: 'transaction',
    method: 'POST',
    path: '/api/v1/admin/users/{userId}/disable',
    summary: 'Disable an account and end its sessions',
    params: userId,
    responses: { 200: AdminUser },
    errors: ['not_found', 'conflict'],
  }),
  enableUser: operation({
    ...write,
    operationId: 'enableUser',
    database: 'transaction',
    method: 'POST',
    path: '/api/v1/admin/users/{userId}/enable',
    summary: 'Enable a disabled account',
    params: userId,
    responses: { 200: AdminUser },
    errors: ['not_found'],
  }),
  deleteUser: operation({
    ...write,
    operationId: 'deleteUser',
    revokes: true,
    database: 'transaction',
    method: 'DELETE',
    path: '/api/v1/admin/users/{userId}',
    summary: 'Delete an account and end its sessions; it can be restored',
    params: userId,
    responses: { 204: null },
    errors: ['not_found', 'conflict'],
  }),
  restoreUser: operation({
    ...write,
    operationId: 'restoreUser',
    database: 'transaction',
    method: 'POST',
    path: '/api/v1/admin/users/{userId}/restore',
    summary: 'Restore a deleted account',
    params: userId,
    responses: { 200: AdminUser },
    errors: ['not_found', 'email_taken'],
  }),
  grantRole: operation({
    ...write,
    permission: 'roles:write',
    operationId: 'grantRole',
    database: 'transaction',
    method: 'PUT',
    path: '/api/v1/admin/users/{userId}/roles/{roleId}',
    summary: 'Grant a role to an account',
    description: 'Granting what is granted is fine.',
    params: userAndRole,
    responses: { 204: null },
    errors: ['not_found'],
  }),
  revokeRole: operation({
    ...write,
    permission: 'roles:write',
    operationId: 'revokeRole',
    database: 'transaction',
    method: 'DELETE',
    path: '/api/v1/admin/users/{userId}/roles/{roleId}',
    summary: 'Take a role from an account',
    params: userAndRole,
    responses: { 204: null },
    errors: ['not_found', 'conflict'],
  }),
  listUserSessions: operation({
    ...read,
    permission: 'sessions:read',
    operationId: 'listUserSessions',
    method: 'GET',
    path: '/api/v1/admin/users/{userId}/sessions',
    summary: 'The sessions of an account',
    params: userId,
    responses: { 200: SessionList },
    errors: ['not_found'],
  }),
  revokeUserSession: operation({
    ...write,
    permission: 'sessions:revoke',
    operationId: 'revokeUserSession',
    revokes: true,
    method: 'DELETE',
    path: '/api/v1/admin/users/{userId}/sessions/{sessionId}',
    summary: 'End a session of an account',
    params: userAndSession,
    responses: { 204: null },
    errors: ['not_found'],
  }),
  revokeUserSessions: operation({
    ...write,
    permission: 'sessions:revoke',
    operationId: 'revokeUserSessions',
    revokes: true,
    method: 'DELETE',
    path: '/api/v1/admin/users/{userId}/sessions',
    summary: 'End all sessions of an account',
    params: userId,
    responses: { 200: RevokedCount },
    errors: ['not_found'],
  }),
};
