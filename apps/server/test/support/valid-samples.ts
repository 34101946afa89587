import { deleteAccount, deleteEntry, SYSTEM_ACTOR } from '@holdfast/auth';
import type { OperationId } from '@holdfast/contract';
import { newId } from '@holdfast/core';
import { clientForm } from './oauth-client.ts';
import { PASSWORD } from './people.ts';
import type { Sample } from './requests.ts';
import { uniqueName, type World } from './world.ts';

type Prepare = (world: World) => Promise<Sample> | Sample;

const nothing: Prepare = () => ({});
const asPlain: Prepare = ({ plain }) => ({ token: plain.accessToken });
const asAdmin: Prepare = ({ admin }) => ({ token: admin.accessToken });

/** A request as the administrator about something that exists and belongs to nobody else. */
const onUser =
  (rest: (world: World) => Sample = () => ({})): Prepare =>
  async world => {
    const { id } = await world.people.account();
    return { token: world.admin.accessToken, params: { userId: id }, ...rest(world) };
  };

const onRole =
  (rest: (world: World) => Sample = () => ({})): Prepare =>
  async world => ({
    token: world.admin.accessToken,
    params: { roleId: (await world.role()).id },
    ...rest(world),
  });

const onPermission =
  (rest: Sample = {}): Prepare =>
  async world => ({
    token: world.admin.accessToken,
    params: { permissionId: (await world.permission()).id },
    ...rest,
  });

const onRoleAndPermission: Prepare = async world => ({
  token: world.admin.accessToken,
  params: { roleId: (await world.role()).id, permissionId: (await world.permission()).id },
});

const onUserAndRole: Prepare = async world => ({
  token: world.admin.accessToken,
  params: { userId: (await world.people.account()).id, roleId: (await world.role()).id },
});

/** For each operation a request that succeeds, made anew each time. */
export const validSamples: Readonly<Record<OperationId, Prepare>> = {
  getServiceInfo: nothing,
  getHealth: nothing,
  getReadiness: nothing,
  getMetrics: nothing,
  getDatabaseHealth: nothing,
  getJwks: nothing,
  register: () => ({ body: { email: `${newId()}@example.com`, password: PASSWORD, displayName: 'Ada' } }),
  login: ({ plain }) => ({ body: { email: plain.email, password: PASSWORD } }),
  refresh: async ({ people }) => ({ body: { refreshToken: (await people.person()).refreshToken } }),
  logout: async ({ people }) => ({ body: { refreshToken: (await people.person()).refreshToken } }),
  stepUp: ({ plain }) => ({ token: plain.accessToken, body: { password: PASSWORD } }),
  revokeToken: async ({ people }) => clientForm({ token: (await people.person()).refreshToken }),
  introspectToken: ({ plain }) => clientForm({ token: plain.accessToken }),
  getAuthorizationServerMetadata: nothing,
  validateToken: ({ plain }) => ({ body: { token: plain.accessToken } }),
  getMe: asPlain,
  patchMe: async ({ people }) => ({
    token: (await people.person()).accessToken,
    body: { currentPassword: PASSWORD, email: `${newId()}@example.com` },
  }),
  getMyProfile: asPlain,
  patchMyProfile: ({ plain }) => ({ token: plain.accessToken, body: { bio: 'Writes tests.', phone: null } }),
  listMySessions: asPlain,
  revokeMySession: async ({ people }) => {
    const person = await people.person();
    const other = await people.signIn({ id: person.userId, email: person.email });
    return { token: person.accessToken, params: { sessionId: other.sessionId } };
  },
  revokeMyOtherSessions: asPlain,
  listUsers: asAdmin,
  createUser: ({ admin }) => ({ token: admin.accessToken, body: { email: `${newId()}@example.com` } }),
  importUsers: ({ admin }) => ({
    token: admin.accessToken,
    contentType: 'application/x-ndjson',
    body: `{"email":"${newId()}@example.com"}\n`,
  }),
  getUser: onUser(),
  patchUser: onUser(() => ({ body: { displayName: 'Grace', emailVerified: true } })),
  disableUser: onUser(),
  enableUser: onUser(),
  deleteUser: onUser(),
  restoreUser: async world => {
    const { id } = await world.people.account();
    await deleteAccount({ pool: world.pool, revoke: world.people.revoke }, SYSTEM_ACTOR, id);
    return { token: world.admin.accessToken, params: { userId: id } };
  },
  grantRole: onUserAndRole,
  revokeRole: async world => ({
    token: world.admin.accessToken,
    params: { userId: (await world.people.account()).id, roleId: world.userRole },
  }),
  listUserSessions: onUser(),
  revokeUserSession: async ({ people, admin }) => {
    const { userId, sessionId } = await people.person();
    return { token: admin.accessToken, params: { userId, sessionId } };
  },
  revokeUserSessions: onUser(),
  listRoles: asAdmin,
  createRole: ({ admin }) => ({ token: admin.accessToken, body: { name: uniqueName('r') } }),
  getRole: onRole(),
  patchRole: onRole(() => ({ body: { name: uniqueName('r'), description: 'renamed' } })),
  disableRole: onRole(),
  enableRole: onRole(),
  deleteRole: onRole(),
  restoreRole: async world => {
    const { id } = await world.role();
    await deleteEntry(world.pool, SYSTEM_ACTOR, 'roles', id);
    return { token: world.admin.accessToken, params: { roleId: id } };
  },
  grantPermission: onRoleAndPermission,
  revokePermission: onRoleAndPermission,
  listPermissions: asAdmin,
  createPermission: ({ admin }) => ({ token: admin.accessToken, body: { name: `${uniqueName('p')}:use` } }),
  patchPermission: onPermission({ body: { description: 'described' } }),
  disablePermission: onPermission(),
  enablePermission: onPermission(),
  deletePermission: onPermission(),
  restorePermission: async world => {
    const { id } = await world.permission();
    await deleteEntry(world.pool, SYSTEM_ACTOR, 'permissions', id);
    return { token: world.admin.accessToken, params: { permissionId: id } };
  },
  listAuditEvents: asAdmin,
};
