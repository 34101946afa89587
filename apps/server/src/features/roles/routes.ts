import {
  changeEntry,
  createEntry,
  deleteEntry,
  findRole,
  grantPermission,
  listRoles,
  restoreEntry,
  revokePermission,
  toggleEntry,
} from '@holdfast/auth';
import { operations } from '@holdfast/contract';
import { HoldfastError } from '@holdfast/core';
import { actorOf } from '../../operations/actor.ts';
import { toPage } from '../../operations/cursor.ts';
import { type Implementation, implement } from '../../operations/implementation.ts';
import type { Services } from '../../services.ts';
import { entryFilter, entryPosition } from './entry-page.ts';
import { presentRole } from './present-entry.ts';

export function roleRoutes({ pool }: Services): Implementation[] {
  return [
    implement(operations.listRoles, async ({ query }) => {
      const filter = entryFilter(query);
      return toPage(await listRoles(pool, filter), filter.limit - 1, presentRole, entryPosition);
    }),
    implement(operations.createRole, async ({ body, request, reply }) => {
      const { name, description = '' } = body;
      const role = await createEntry(pool, actorOf(request), 'roles', { name, description });
      reply.header('location', `/api/v1/admin/roles/${role.id}`);
      return presentRole(role);
    }),
    implement(operations.getRole, async ({ params }) => {
      const role = await findRole(pool, params.roleId);
      if (role === undefined) throw new HoldfastError('not_found', 'There is no such role.');
      return presentRole(role);
    }),
    implement(operations.patchRole, async ({ params, body, request }) =>
      presentRole(await changeEntry(pool, actorOf(request), 'roles', params.roleId, body)),
    ),
    implement(operations.disableRole, async ({ params, request }) =>
      presentRole(await toggleEntry(pool, actorOf(request), 'roles', params.roleId, true)),
    ),
    implement(operations.enableRole, async ({ params, request }) =>
      presentRole(await toggleEntry(pool, actorOf(request), 'roles', params.roleId, false)),
    ),
    implement(operations.deleteRole, async ({ params, request }) => {
      await deleteEntry(pool, actorOf(request), 'roles', params.roleId);
      return undefined;
    }),
    implement(operations.restoreRole, async ({ params, request }) =>
      presentRole(await restoreEntry(pool, actorOf(request), 'roles', params.roleId)),
    ),
    implement(operations.grantPermission, async ({ params, request }) => {
      await grantPermission(pool, actorOf(request), params.roleId, params.permissionId);
      return undefined;
    }),
    implement(operations.revokePermission, async ({ params, request }) => {
      await revokePermission(pool, actorOf(request), params.roleId, params.permissionId);
      return undefined;
    }),
  ];
}
