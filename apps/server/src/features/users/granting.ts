import { DEFAULT_ROLE } from '@holdfast/auth';
import { operations } from '@holdfast/contract';

/** What it takes to give somebody a role, also on the way of creating them: else accounts could be made that may more. */
export const GRANT_PERMISSION = operations.grantRole.permission;

/** Whether these are more roles than every account has. */
export function givesRoles(roles: readonly string[] | undefined): boolean {
  return roles?.some(role => role !== DEFAULT_ROLE) === true;
}
