import {
  changeEntry,
  createEntry,
  deleteEntry,
  listPermissions,
  restoreEntry,
  toggleEntry,
} from '@holdfast/auth';
import { operations } from '@holdfast/contract';
import { actorOf } from '../../operations/actor.ts';
import { toPage } from '../../operations/cursor.ts';
import { type Implementation, implement } from '../../operations/implementation.ts';
import type { Services } from '../../services.ts';
import { entryFilter, entryPosition } from '../roles/entry-page.ts';
import { presentPermission } from '../roles/present-entry.ts';

export function permissionRoutes({ pool }: Services): Implementation[] {
  return [
    implement(operations.listPermissions, async ({ query }) => {
      const filter = entryFilter(query);
      return toPage(await listPermissions(pool, filter), filter.limit - 1, presentPermission, entryPosition);
    }),
    implement(operations.createPermission, async ({ body, request }) => {
      const { name, description = '' } = body;
      return presentPermission(
        await createEntry(pool, actorOf(request), 'permissions', { name, description }),
      );
    }),
    implement(operations.patchPermission, async ({ params, body, request }) =>
      presentPermission(await changeEntry(pool, actorOf(request), 'permissions', params.permissionId, body)),
    ),
    implement(operations.disablePermission, async ({ params, request }) =>
      presentPermission(await toggleEntry(pool, actorOf(request), 'permissions', params.permissionId, true)),
    ),
    implement(operations.enablePermission, async ({ params, request }) =>
      presentPermission(await toggleEntry(pool, actorOf(request), 'permissions', params.permissionId, false)),
    ),
    implement(operations.deletePermission, async ({ params, request }) => {
      await deleteEntry(pool, actorOf(request), 'permissions', params.permissionId);
      return undefined;
    }),
    implement(operations.restorePermission, async ({ params, request }) =>
      presentPermission(await restoreEntry(pool, actorOf(request), 'permissions', params.permissionId)),
    ),
  ];
}
