import {
  changeAccount,
  createAccountFor,
  DEFAULT_ROLE,
  deleteAccount,
  disableAccount,
  enableAccount,
  findAccount,
  grantRole,
  listAccounts,
  restoreAccount,
  revokeRole,
} from '@holdfast/auth';
import { operations } from '@holdfast/contract';
import { HoldfastError, isUuid } from '@holdfast/core';
import { actorOf } from '../../operations/actor.ts';
import { assertRecentAuthFor, requirePermission } from '../../operations/authorization.ts';
import { decodeCursor, toPage } from '../../operations/cursor.ts';
import { type Implementation, implement } from '../../operations/implementation.ts';
import type { Services } from '../../services.ts';
import { presentAdminUser } from '../account/present-account.ts';
import { GRANT_PERMISSION, givesRoles } from './granting.ts';

export function userRoutes(services: Services): Implementation[] {
  const { pool } = services;
  return [
    implement(operations.listUsers, async ({ query }) => {
      const { search, status, limit = 50 } = query;
      const [before] = decodeCursor(query.cursor, [isUuid]) ?? [];
      const lifeOrDeath = status === 'deleted' ? { deleted: true } : { status };
      const rows = await listAccounts(pool, { search, before, limit: limit + 1, ...lifeOrDeath });
      return toPage(rows, limit, presentAdminUser, ({ id }) => [id]);
    }),
    implement(operations.createUser, async ({ body, auth, request, reply }) => {
      const roles = [...new Set([DEFAULT_ROLE, ...(body.roles ?? [])])];
      if (givesRoles(body.roles)) await requirePermission(pool, auth.userId, GRANT_PERMISSION);
      const account = await createAccountFor(services, actorOf(request), { ...body, roles });
      reply.header('location', `/api/v1/admin/users/${account.id}`);
      return presentAdminUser(account);
    }),
    implement(operations.getUser, async ({ params }) => {
      const account = await findAccount(pool, params.userId);
      if (account === undefined) throw new HoldfastError('not_found', 'There is no such account.');
      return presentAdminUser(account);
    }),
    implement(operations.patchUser, async ({ params, body, auth, request }) => {
      assertRecentAuthFor(services, operations.patchUser, auth, body);
      return presentAdminUser(await changeAccount(services, actorOf(request), params.userId, body));
    }),
    implement(operations.disableUser, async ({ params, request }) =>
      presentAdminUser(await disableAccount(services, actorOf(request), params.userId)),
    ),
    implement(operations.enableUser, async ({ params, request }) =>
      presentAdminUser(await enableAccount(pool, actorOf(request), params.userId)),
    ),
    implement(operations.deleteUser, async ({ params, request }) => {
      await deleteAccount(services, actorOf(request), params.userId);
      return undefined;
    }),
    implement(operations.restoreUser, async ({ params, request }) =>
      presentAdminUser(await restoreAccount(pool, actorOf(request), params.userId)),
    ),
    implement(operations.grantRole, async ({ params, request }) => {
      await grantRole(pool, actorOf(request), params.userId, params.roleId);
      return undefined;
    }),
    implement(operations.revokeRole, async ({ params, request }) => {
      await revokeRole(pool, actorOf(request), params.userId, params.roleId);
      return undefined;
    }),
  ];
}
