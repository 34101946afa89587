import { deleteAccount, deleteEntry, SYSTEM_ACTOR } from '@holdfast/auth';
import { type OperationId, REFRESH_COOKIE } from '@holdfast/contract';
import { type ErrorCode, newId } from '@holdfast/core';
import { connect, type Queryable, type SqlQuery, sql } from '@holdfast/postgres';
import { basicAuthorization, CLIENT, clientForm } from './oauth-client.ts';
import { PASSWORD } from './people.ts';
import type { Sample } from './requests.ts';
import type { World } from './world.ts';

type Prepare = (world: World) => Promise<Sample> | Sample;

const asAdmin = ({ admin }: World, sample: Sample): Sample => ({ token: admin.accessToken, ...sample });

/** With an id of nothing in each place. */
const unknown =
  (...names: readonly string[]): Prepare =>
  world =>
    asAdmin(world, { params: Object.fromEntries(names.map(name => [name, newId()])) });

const onAdmin: Prepare = world => asAdmin(world, { params: { userId: world.admin.userId } });
const onBuiltInRole: Prepare = world => asAdmin(world, { params: { roleId: world.adminRole } });
const onBuiltInPermission: Prepare = world =>
  asAdmin(world, { params: { permissionId: world.builtInPermission } });
const onBuiltInGrant: Prepare = world =>
  asAdmin(world, { params: { roleId: world.adminRole, permissionId: world.builtInPermission } });

/** Something deleted whose name has been taken since. */
const nameTaken =
  (table: 'roles' | 'permissions', param: string): Prepare =>
  async world => {
    const entry = table === 'roles' ? await world.role() : await world.permission();
    await deleteEntry(world.pool, SYSTEM_ACTOR, table, entry.id);
    await world.pool.execute(sql`insert into ${sql.id(table)} (id, name) values (${newId()}, ${entry.name})`);
    return asAdmin(world, { params: { [param]: entry.id } });
  };

/** A browser with its refresh token in a cookie. */
const refreshByCookie =
  (headers: Readonly<Record<string, string>>): Prepare =>
  async ({ people }) => {
    const { refreshToken } = await people.person();
    return { headers: { ...headers, cookie: `${REFRESH_COOKIE}=${refreshToken}` } };
  };

const withoutClient = (parameters: Readonly<Record<string, string>>): Sample => ({
  ...clientForm(parameters),
  headers: { authorization: basicAuthorization({ ...CLIENT, secret: 'a guess' }) },
});

/** The refresh token of a session that the database has lost. */
async function lostToken(world: World): Promise<string> {
  const { refreshToken, sessionId } = await world.people.person();
  await asOwner(world, sql`delete from sessions where id = ${sessionId}`);
  return refreshToken;
}

/** For each operation and code that need more than a spoiled request, a request that is answered with the code. */
export const particularFailures: Partial<Record<`${OperationId} ${ErrorCode}`, Prepare>> = {
  'register password_rejected': () => ({ body: { email: `${newId()}@example.com`, password: 'short' } }),
  'register email_taken': ({ plain }) => ({ body: { email: plain.email.toUpperCase(), password: PASSWORD } }),
  'login invalid_credentials': ({ plain }) => ({
    body: { email: plain.email, password: 'not the password' },
  }),
  'login origin_not_allowed': ({ plain }) => ({
    body: { email: plain.email, password: PASSWORD, cookies: true },
    headers: { origin: 'https://elsewhere.example' },
  }),
  'login account_disabled': async world => {
    const { id, email } = await world.people.account();
    await asOwner(world, sql`update users set status = 'disabled' where id = ${id}`);
    return { body: { email, password: PASSWORD } };
  },
  'refresh token_invalid': () => ({ body: { refreshToken: 'hf_rt_nonsense' } }),
  'refresh token_missing': () => ({}),
  'refresh origin_not_allowed': refreshByCookie({ origin: 'https://elsewhere.example' }),
  'refresh csrf_token_invalid': refreshByCookie({ 'sec-fetch-site': 'same-origin' }),
  'refresh recovery_pending': async world => ({ body: { refreshToken: await lostToken(world) } }),
  'refresh session_revoked': async ({ people }) => {
    const { refreshToken } = await people.person();
    await people.sessions.end(refreshToken, SYSTEM_ACTOR);
    return { body: { refreshToken } };
  },
  'refresh session_expired': async world => {
    const { refreshToken, sessionId } = await world.people.person();
    await asOwner(world, sql`update refresh_tokens set expires_at = now() where session_id = ${sessionId}`);
    return { body: { refreshToken } };
  },
  'refresh refresh_token_reused': async ({ people }) => {
    const { refreshToken } = await people.person();
    const second = await people.sessions.refresh(refreshToken, SYSTEM_ACTOR);
    await people.sessions.refresh(second.refreshToken, SYSTEM_ACTOR);
    return { body: { refreshToken } };
  },
  'refresh account_disabled': async world => {
    const { refreshToken, userId } = await world.people.person();
    await asOwner(world, sql`update users set status = 'disabled' where id = ${userId}`);
    return { body: { refreshToken } };
  },
  'logout token_missing': () => ({}),
  'logout origin_not_allowed': refreshByCookie({ origin: 'https://elsewhere.example' }),
  'logout csrf_token_invalid': refreshByCookie({ 'sec-fetch-site': 'same-origin' }),
  'logout recovery_pending': async world => ({ body: { refreshToken: await lostToken(world) } }),
  'logout token_invalid': () => ({ body: { refreshToken: 'hf_rt_nonsense' } }),
  'validateToken invalid_request': () => ({}),
  'stepUp invalid_credentials': ({ plain }) => ({
    token: plain.accessToken,
    body: { password: 'not the password' },
  }),
  'revokeToken client_invalid': ({ plain }) => withoutClient({ token: plain.accessToken }),
  'revokeToken client_not_entitled': async ({ people, plain }) => {
    const { userId, sessionId } = plain;
    const subject = { userId, sessionId, clientId: 'another', roles: [], amr: [] };
    return clientForm({ token: (await people.accessTokens.issue(subject)).token });
  },
  'revokeToken recovery_pending': async world => clientForm({ token: await lostToken(world) }),
  'revokeToken validation_failed': () => clientForm({ surprise: 'true' }),
  'revokeToken invalid_request': () => ({ ...clientForm({}), body: 'token=a&token=b' }),
  'introspectToken client_invalid': ({ plain }) => withoutClient({ token: plain.accessToken }),
  'introspectToken validation_failed': () => clientForm({ surprise: 'true' }),
  'introspectToken invalid_request': () => ({ ...clientForm({}), body: 'token=a&token=b' }),
  'patchUser recent_authentication_required': async ({ people, admin, plain }) => {
    const { userId, sessionId } = admin;
    const subject = { userId, sessionId, clientId: 'test', roles: [], amr: ['pwd'] };
    const { token } = await people.accessTokens.issue(subject);
    return { token, params: { userId: plain.userId }, body: { email: `${newId()}@example.com` } };
  },
  'patchMe invalid_credentials': ({ plain }) => ({
    token: plain.accessToken,
    body: { currentPassword: 'not the password', email: `${newId()}@example.com` },
  }),
  'patchMe password_rejected': ({ plain }) => ({
    token: plain.accessToken,
    body: { currentPassword: PASSWORD, newPassword: 'short' },
  }),
  'patchMe email_taken': ({ plain, admin }) => ({
    token: plain.accessToken,
    body: { currentPassword: PASSWORD, email: admin.email },
  }),
  'revokeMySession not_found': ({ plain }) => ({ token: plain.accessToken, params: { sessionId: newId() } }),
  'listUsers invalid_cursor': world => asAdmin(world, { query: { cursor: 'bm9uc2Vuc2U' } }),
  'createUser password_rejected': world =>
    asAdmin(world, { body: { email: 'a@example.com', password: 'short' } }),
  'createUser email_taken': world => asAdmin(world, { body: { email: world.plain.email } }),
  'createUser not_found': world =>
    asAdmin(world, { body: { email: 'a@example.com', roles: ['nobody-has-this'] } }),
  'getUser not_found': unknown('userId'),
  'patchUser not_found': world =>
    asAdmin(world, { params: { userId: newId() }, body: { displayName: 'Nobody' } }),
  'patchUser password_rejected': world =>
    asAdmin(world, { params: { userId: world.plain.userId }, body: { password: 'short' } }),
  'patchUser email_taken': world =>
    asAdmin(world, { params: { userId: world.plain.userId }, body: { email: world.admin.email } }),
  'disableUser not_found': unknown('userId'),
  'disableUser conflict': onAdmin,
  'enableUser not_found': unknown('userId'),
  'deleteUser not_found': unknown('userId'),
  'deleteUser conflict': onAdmin,
  'restoreUser not_found': unknown('userId'),
  'restoreUser email_taken': async world => {
    const { id, email } = await world.people.account();
    await deleteAccount({ pool: world.pool, revoke: world.people.revoke }, SYSTEM_ACTOR, id);
    await world.pool.execute(sql`insert into users (id, email) values (${newId()}, ${email})`);
    return asAdmin(world, { params: { userId: id } });
  },
  'grantRole not_found': unknown('userId', 'roleId'),
  'revokeRole not_found': unknown('userId', 'roleId'),
  'revokeRole conflict': world =>
    asAdmin(world, { params: { userId: world.admin.userId, roleId: world.adminRole } }),
  'listUserSessions not_found': unknown('userId'),
  'revokeUserSession not_found': unknown('userId', 'sessionId'),
  'revokeUserSessions not_found': unknown('userId'),
  'listRoles invalid_cursor': world => asAdmin(world, { query: { cursor: 'bm9uc2Vuc2U' } }),
  'createRole conflict': world => asAdmin(world, { body: { name: 'admin' } }),
  'getRole not_found': unknown('roleId'),
  'patchRole not_found': world => asAdmin(world, { params: { roleId: newId() }, body: { description: '' } }),
  'patchRole conflict': world =>
    asAdmin(world, { params: { roleId: world.adminRole }, body: { name: 'renamed' } }),
  'disableRole not_found': unknown('roleId'),
  'disableRole conflict': onBuiltInRole,
  'enableRole not_found': unknown('roleId'),
  'deleteRole not_found': unknown('roleId'),
  'deleteRole conflict': onBuiltInRole,
  'restoreRole not_found': unknown('roleId'),
  'restoreRole conflict': nameTaken('roles', 'roleId'),
  'grantPermission not_found': unknown('roleId', 'permissionId'),
  'grantPermission conflict': onBuiltInGrant,
  'revokePermission not_found': unknown('roleId', 'permissionId'),
  'revokePermission conflict': onBuiltInGrant,
  'listPermissions invalid_cursor': world => asAdmin(world, { query: { cursor: 'bm9uc2Vuc2U' } }),
  'createPermission conflict': world => asAdmin(world, { body: { name: 'users:read' } }),
  'patchPermission not_found': world =>
    asAdmin(world, { params: { permissionId: newId() }, body: { description: '' } }),
  'disablePermission not_found': unknown('permissionId'),
  'disablePermission conflict': onBuiltInPermission,
  'enablePermission not_found': unknown('permissionId'),
  'deletePermission not_found': unknown('permissionId'),
  'deletePermission conflict': onBuiltInPermission,
  'restorePermission not_found': unknown('permissionId'),
  'restorePermission conflict': nameTaken('permissions', 'permissionId'),
  'listAuditEvents invalid_cursor': world => asAdmin(world, { query: { cursor: 'bm9uc2Vuc2U' } }),
};

/** Past the rules of the application, to make states that arise with time or by other hands. */
export async function asOwner({ database }: World, statement: SqlQuery<unknown>): Promise<void> {
  const connection = await connect({ url: database.ownerUrl });
  try {
    await (connection as Queryable).execute(statement);
  } finally {
    await connection.close();
  }
}
