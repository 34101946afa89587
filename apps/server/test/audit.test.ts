import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type OperationId, operations } from '@holdfast/contract';
import { newId } from '@holdfast/core';
import { type Queryable, sql } from '@holdfast/postgres';
import { call, type Sample } from './support/requests.ts';
import { testApp } from './support/test-app.ts';
import { validSamples } from './support/valid-samples.ts';
import { createWorld, type World } from './support/world.ts';

interface Expectation {
  /** What the audit log says happened, to what. */
  readonly action: string;
  readonly subjectType: string;
  /** Where the change itself names its author, and which row it is. */
  readonly table?: string;
  readonly column?: string;
  readonly id?: (sample: Sample, answer: { readonly id?: string }) => string | undefined;
  readonly actor?: 'subject';
}

const param =
  (name: string) =>
  ({ params }: Sample): string | undefined =>
    params?.[name];
const answered = (_: Sample, answer: { readonly id?: string }): string | undefined => answer.id;

const user = { subjectType: 'user', table: 'users', id: param('userId') };
const role = { subjectType: 'role', table: 'roles', id: param('roleId') };
const permission = { subjectType: 'permission', table: 'permissions', id: param('permissionId') };
const session = { subjectType: 'session', table: 'sessions', id: param('sessionId') };

/** Every operation that changes something. */
const EXPECTATIONS: Partial<Record<OperationId, Expectation>> = {
  register: { ...user, action: 'user.registered', id: answered, actor: 'subject' },
  login: { subjectType: 'session', action: 'session.started' },
  logout: { subjectType: 'session', action: 'session.revoked' },
  patchMe: { ...user, action: 'user.email_changed', id: answered, actor: 'subject' },
  patchMyProfile: { subjectType: 'user', action: 'user.profile_changed' },
  stepUp: { subjectType: 'session', action: 'session.stepped_up' },
  revokeMySession: { ...session, action: 'session.revoked' },
  createUser: { ...user, action: 'user.created', id: answered },
  importUsers: { subjectType: 'user', action: 'user.imported' },
  patchUser: { ...user, action: 'user.changed' },
  disableUser: { ...user, action: 'user.disabled' },
  deleteUser: { ...user, action: 'user.deleted' },
  restoreUser: { ...user, action: 'user.restored' },
  grantRole: { ...user, action: 'user.role_granted', table: 'user_roles', column: 'user_id' },
  revokeRole: { subjectType: 'user', action: 'user.role_revoked' },
  revokeUserSession: { ...session, action: 'session.revoked' },
  createRole: { ...role, action: 'role.created', id: answered },
  patchRole: { ...role, action: 'role.changed' },
  disableRole: { ...role, action: 'role.disabled' },
  deleteRole: { ...role, action: 'role.deleted' },
  restoreRole: { ...role, action: 'role.restored' },
  grantPermission: {
    ...role,
    action: 'role.permission_granted',
    table: 'role_permissions',
    column: 'role_id',
  },
  createPermission: { ...permission, action: 'permission.created', id: answered },
  patchPermission: { ...permission, action: 'permission.changed' },
  disablePermission: { ...permission, action: 'permission.disabled' },
  deletePermission: { ...permission, action: 'permission.deleted' },
  restorePermission: { ...permission, action: 'permission.restored' },
};

/** Changes whose ordinary request finds nothing to change; each is made to change something below. */
const NEEDS_PREPARATION = [
  'enableUser',
  'enableRole',
  'enablePermission',
  'revokePermission',
  'revokeMyOtherSessions',
  'revokeUserSessions',
];
/** Rotation is recorded by the family itself; a token check changes nothing; revokeToken has tests of its own. */
const NOT_AUDITED = ['refresh', 'validateToken', 'introspectToken', 'revokeToken'];

interface AuditRow {
  readonly action: string;
  readonly actor_type: string;
  readonly actor_id: string | null;
  readonly subject_type: string;
  readonly subject_id: string | null;
  readonly address: string | null;
}

function auditOf(db: Queryable, requestId: string): Promise<AuditRow[]> {
  return db.many(sql<AuditRow>`
    select action, actor_type, actor_id, subject_type, subject_id, host(address) as address
    from audit_log where request_id = ${requestId} order by position
  `);
}

test('the table covers every operation that changes something', () => {
  const mutations = Object.values(operations).filter(({ method }) => method !== 'GET');
  const covered = [...Object.keys(EXPECTATIONS), ...NEEDS_PREPARATION, ...NOT_AUDITED];
  assert.deepEqual(mutations.map(({ operationId }) => operationId as string).sort(), covered.sort());
});

test('every change is recorded with who, what, and from where', async t => {
  const world = await createWorld(await testApp(t));
  for (const [id, expected] of Object.entries(EXPECTATIONS) as [OperationId, Expectation][]) {
    await t.test(id, () => checkChange(world, id, expected));
  }
});

async function checkChange(world: World, id: OperationId, expected: Expectation): Promise<void> {
  const { app, pool } = world;
  const sample = await validSamples[id](world);
  const requestId = newId();
  const response = await call(app, id, { ...sample, headers: { 'x-request-id': requestId } });
  assert.ok(response.status < 300, response.body);
  const [row, ...more] = await auditOf(pool, requestId);
  assert.ok(row, 'there is an audit row');
  assert.deepEqual(more, []);
  assert.deepEqual(
    [row.action, row.subject_type, row.actor_type, row.address],
    [expected.action, expected.subjectType, 'user', '127.0.0.1'],
  );
  assert.notEqual(row.actor_id, null);
  const subject = expected.id?.(sample, response.body === '' ? {} : JSON.parse(response.body));
  if (operations[id].access === 'permission') assert.equal(row.actor_id, world.admin.userId);
  if (expected.actor === 'subject') assert.equal(row.actor_id, subject);
  if (subject !== undefined) await checkRow(pool, expected, subject, row);
}

/** The changed row itself names its author. */
async function checkRow(db: Queryable, expected: Expectation, subject: string, row: AuditRow): Promise<void> {
  assert.equal(row.subject_id, subject);
  if (expected.table === undefined) return;
  const changed = await db.many(sql<{ modified_by: string | null }>`
    select modified_by from ${sql.id(expected.table)}
    where ${sql.id(expected.column ?? 'id')} = ${subject} and modified_by = ${row.actor_id}
  `);
  assert.equal(changed.length, 1);
}

test('the author of a new row is in created_by', async t => {
  const world = await createWorld(await testApp(t));
  const { app, pool, admin } = world;
  for (const [id, table] of [
    ['createUser', 'users'],
    ['createRole', 'roles'],
    ['createPermission', 'permissions'],
  ] as const) {
    const created = JSON.parse((await call(app, id, await validSamples[id](world))).body);
    const row = await pool.one(
      sql<{ created_by: string }>`select created_by from ${sql.id(table)} where id = ${created.id}`,
    );
    assert.equal(row.created_by, admin.userId, id);
  }
  const { body } = await call(app, 'register', await validSamples.register(world));
  const { id } = JSON.parse(body);
  const own = await pool.one(sql<{ created_by: string }>`select created_by from users where id = ${id}`);
  assert.equal(own.created_by, id, 'who registers creates their own account');
});

test('enabling, revoking permissions and ending sessions are recorded', async t => {
  const world = await createWorld(await testApp(t));
  const { app, pool, admin, people } = world;
  const asAdmin = async (id: OperationId, params: Record<string, string>): Promise<AuditRow[]> => {
    const requestId = newId();
    const sample = { token: admin.accessToken, params, headers: { 'x-request-id': requestId } };
    const response = await call(app, id, sample);
    assert.ok(response.status < 300, `${id} ${response.body}`);
    const rows = await auditOf(pool, requestId);
    for (const row of rows) assert.equal(row.actor_id, admin.userId);
    return rows;
  };
  const actions = (rows: AuditRow[]): string[] => rows.map(({ action }) => action);
  const roleId = (await world.role()).id;
  const permissionId = (await world.permission()).id;
  const { userId } = await people.person();

  await asAdmin('disableRole', { roleId });
  assert.deepEqual(actions(await asAdmin('enableRole', { roleId })), ['role.enabled']);
  assert.deepEqual(actions(await asAdmin('enableRole', { roleId })), [], 'nothing changed');
  await asAdmin('disablePermission', { permissionId });
  assert.deepEqual(actions(await asAdmin('enablePermission', { permissionId })), ['permission.enabled']);
  await asAdmin('grantPermission', { roleId, permissionId });
  assert.deepEqual(
    actions(await asAdmin('grantPermission', { roleId, permissionId })),
    [],
    'nothing changed',
  );
  assert.deepEqual(actions(await asAdmin('revokePermission', { roleId, permissionId })), [
    'role.permission_revoked',
  ]);
  assert.deepEqual(actions(await asAdmin('revokeUserSessions', { userId })), ['session.revoked']);
  const disabled = await people.person();
  assert.deepEqual(actions(await asAdmin('disableUser', { userId: disabled.userId })).sort(), [
    'session.revoked',
    'user.disabled',
  ]);
  assert.deepEqual(actions(await asAdmin('enableUser', { userId: disabled.userId })), ['user.enabled']);
});

test('ending the other sessions is recorded, once for each', async t => {
  const { app, pool, people } = await testApp(t);
  const account = await people.account();
  const [mine] = await Promise.all([1, 2, 3].map(() => people.signIn(account)));
  const requestId = newId();
  const response = await call(app, 'revokeMyOtherSessions', {
    token: mine?.accessToken,
    headers: { 'x-request-id': requestId },
  });
  assert.deepEqual(JSON.parse(response.body), { revoked: 2 });
  const rows = await auditOf(pool, requestId);
  assert.deepEqual(
    rows.map(({ action, actor_id }) => [action, actor_id]),
    [
      ['session.revoked', account.id],
      ['session.revoked', account.id],
    ],
  );
});

test('the audit log is read page by page, filtered, newest first', async t => {
  const world = await createWorld(await testApp(t));
  const { app, admin } = world;
  const token = admin.accessToken;
  const created: string[] = [];
  for (let index = 0; index < 5; index += 1) {
    created.unshift(
      JSON.parse((await call(app, 'createRole', await validSamples.createRole(world))).body).id,
    );
  }
  const list = async (query: Record<string, string>) =>
    JSON.parse((await call(app, 'listAuditEvents', { token, query })).body);
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const query = {
      action: 'role.created',
      actorId: admin.userId,
      limit: '2',
      ...(cursor === null ? {} : { cursor }),
    };
    const page: { items: { subjectId: string }[]; nextCursor: string | null } = await list(query);
    seen.push(...page.items.map(({ subjectId }) => subjectId));
    cursor = page.nextCursor;
  } while (cursor !== null);
  assert.deepEqual(seen, created);
  assert.equal((await list({ subjectType: 'role', subjectId: created[0] ?? '' })).items.length, 1);
  assert.equal((await list({ action: 'role.*', actorId: admin.userId })).items.length, 5);
  assert.equal((await list({ to: '2020-01-01T00:00:00Z' })).items.length, 0);
  assert.equal((await list({ from: '2100-01-01T00:00:00Z' })).items.length, 0);
});
