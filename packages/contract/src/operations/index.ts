import { accountOperations } from './account-operations.ts';
import { adminPermissionOperations } from './admin-permission-operations.ts';
import { adminRoleOperations } from './admin-role-operations.ts';
import { adminUserOperations } from './admin-user-operations.ts';
import { auditOperations } from './audit-operations.ts';
import { authOperations } from './auth-operations.ts';
import { oauthOperations } from './oauth-operations.ts';
import { systemOperations } from './system-operations.ts';

/** Every HTTP operation of the API by its operation id. Routes, the OpenAPI document, clients and checks come from here. */
export const operations = {
  ...systemOperations,
  ...authOperations,
  ...oauthOperations,
  ...accountOperations,
  ...adminUserOperations,
  ...adminRoleOperations,
  ...adminPermissionOperations,
  ...auditOperations,
};

export type OperationId = keyof typeof operations;
