import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type ErrorCode, isHoldfastError, newId, systemClock } from '@holdfast/core';
import { sql } from '@holdfast/postgres';
import { testDatabase } from '@holdfast/testing';
import {
  type Actor,
  changeEntry,
  createEntry,
  deleteEntry,
  generateKeyring,
  grantPermission,
  grantRole,
  insertAudit,
  listAudit,
  listPermissions,
  listRoles,
  prepareNextKey,
  registerKeys,
  restoreEntry,
  revokePermission,
  revokeRole,
  rotateKey,
  SYSTEM_ACTOR,
  toggleEntry,
  userHasPermission,
} from '../src/index.ts';
import { auditActions, insertUser } from './harness.ts';

const database = await testDatabase();
after(() => database.close());
const { pool } = database;
/** A user with every permission: nobody may hand out what they do not have. */
const administratorId = await insertUser(pool);
await pool.execute(sql`
  insert into user_roles (user_id, role_id) select ${administratorId}, id from roles where name = 'admin'
`);
const actor: Actor = { type: 'user', id: administratorId, requestId: 'r1', address: '203.0.113.9' };
const refused = (work: Promise<unknown>, code: ErrorCode) =>
  assert.rejects(work, (error: unknown) => isHoldfastError(error, code));

const builtIn = async (name: string) => {
  const role = (await listRoles(pool, { search: name, limit: 100 })).find(
    candidate => candidate.name === name,
  );
  assert.ok(role, name);
  return role;
};

test('every permission in use is built in, and the administrator has them all', async () => {
  const permissions = (await listPermissions(pool, { limit: 100 })).map(permission => permission.name);
  assert.deepEqual((await builtIn('admin')).permissions, permissions);
  assert.deepEqual((await builtIn('user')).permissions, []);
});

test('a permission counts from the moment its role is granted until any link of the chain is cut', async () => {
  const userId = await insertUser(pool);
  const role = await createEntry(pool, actor, 'roles', { name: 'dispatcher', description: '' });
  const permission = await createEntry(pool, actor, 'permissions', { name: 'vans:send', description: '' });
  const may = () => userHasPermission(pool, userId, 'vans:send');
  await grantRole(pool, actor, userId, role.id);
  assert.equal(await may(), false);
  assert.deepEqual((await grantPermission(pool, actor, role.id, permission.id)).permissions, ['vans:send']);
  assert.equal(await may(), true);
  for (const table of ['roles', 'permissions'] as const) {
    const id = table === 'roles' ? role.id : permission.id;
    await toggleEntry(pool, actor, table, id, true);
    assert.equal(await may(), false, `${table} disabled`);
    await toggleEntry(pool, actor, table, id, false);
    await deleteEntry(pool, actor, table, id);
    assert.equal(await may(), false, `${table} deleted`);
    await restoreEntry(pool, actor, table, id);
    assert.equal(await may(), true, `${table} restored`);
  }
  await pool.execute(sql`update users set status = 'disabled' where id = ${userId}`);
  assert.equal(await may(), false);
  await pool.execute(sql`update users set status = 'active' where id = ${userId}`);
  await revokePermission(pool, actor, role.id, permission.id);
  assert.equal(await may(), false);
  await revokeRole(pool, actor, userId, role.id);
  const actions = await auditActions(pool, role.id);
  assert.deepEqual(actions.slice(0, 2), ['role.created', 'role.permission_granted']);
  assert.deepEqual(await auditActions(pool, userId), ['user.role_granted', 'user.role_revoked']);
});

test('what is built in cannot be renamed, disabled, deleted or given other permissions', async () => {
  const admin = await builtIn('admin');
  const [permission] = await listPermissions(pool, { limit: 1 });
  assert.ok(permission);
  await refused(changeEntry(pool, actor, 'roles', admin.id, { name: 'boss' }), 'conflict');
  await refused(toggleEntry(pool, actor, 'roles', admin.id, true), 'conflict');
  await refused(deleteEntry(pool, actor, 'roles', admin.id), 'conflict');
  await refused(deleteEntry(pool, actor, 'permissions', permission.id), 'conflict');
  await refused(revokePermission(pool, actor, admin.id, permission.id), 'conflict');
  await refused(revokeRole(pool, { ...actor, id: await insertUser(pool) }, newId(), newId()), 'not_found');
});

test('names are unique among what is not deleted', async () => {
  const first = await createEntry(pool, actor, 'roles', { name: 'courier', description: 'one' });
  await refused(createEntry(pool, actor, 'roles', { name: 'courier', description: '' }), 'conflict');
  const other = await createEntry(pool, actor, 'roles', { name: 'porter', description: '' });
  await refused(changeEntry(pool, actor, 'roles', other.id, { name: 'courier' }), 'conflict');
  await deleteEntry(pool, actor, 'roles', first.id);
  await createEntry(pool, actor, 'roles', { name: 'courier', description: 'two' });
  await refused(restoreEntry(pool, actor, 'roles', first.id), 'conflict');
  await refused(changeEntry(pool, actor, 'roles', newId(), { description: '' }), 'not_found');
});

test('pages of roles follow one another by name', async () => {
  for (const name of ['zz-c', 'zz-a', 'zz-b'])
    await createEntry(pool, actor, 'roles', { name, description: '' });
  const [first, second] = await listRoles(pool, { search: 'zz-', limit: 2 });
  assert.deepEqual([first?.name, second?.name], ['zz-a', 'zz-b']);
  const rest = await listRoles(pool, {
    search: 'zz-',
    after: { name: 'zz-b', id: second?.id ?? '' },
    limit: 2,
  });
  assert.deepEqual(
    rest.map(role => role.name),
    ['zz-c'],
  );
});

test('audit rows are found by each of their fields and paged by time', async () => {
  const subjectId = newId();
  for (const action of ['van.sent', 'van.lost', 'driver.found']) {
    await insertAudit(
      pool,
      { ...actor, requestId: 'r77' },
      { action, subjectType: 'van', subjectId, details: { action } },
    );
  }
  const actions = async (filter: Partial<Parameters<typeof listAudit>[1]>) =>
    (await listAudit(pool, { limit: 10, ...filter })).map(entry => entry.action);
  assert.deepEqual(await actions({ subjectId }), ['driver.found', 'van.lost', 'van.sent']);
  assert.deepEqual(await actions({ subjectId, action: 'van.*' }), ['van.lost', 'van.sent']);
  assert.deepEqual(await actions({ requestId: 'r77', action: 'van.lost' }), ['van.lost']);
  assert.deepEqual(await actions({ subjectId, actorId: newId() }), []);
  assert.deepEqual(await actions({ subjectId, to: new Date(0) }), []);
  const [newest] = await listAudit(pool, { subjectId, limit: 1 });
  assert.ok(newest);
  assert.equal(newest.address, '203.0.113.9');
  assert.deepEqual(newest.details, { action: 'driver.found' });
  const older = await actions({ subjectId, before: newest.position });
  assert.deepEqual(older, ['van.lost', 'van.sent']);
});

test('the record of keys follows rotations and keeps what vanished', async () => {
  const keyring = prepareNextKey(generateKeyring(systemClock), 'sign', systemClock);
  await registerKeys(pool, keyring);
  await registerKeys(pool, rotateKey(keyring, 'sign', systemClock));
  await registerKeys(pool, generateKeyring(systemClock));
  const rows = await pool.many(sql<{
    kid: string;
    status: string;
    retired: boolean;
    jwk: { d?: string } | null;
  }>`
    select kid, status, retired_at is not null as retired, public_jwk as jwk from signing_keys where use = 'sign'
  `);
  const statusOf = (status: string) =>
    rows.find(row => row.kid === keyring.keys.find(key => key.use === 'sign' && key.status === status)?.kid);
  assert.deepEqual([statusOf('current')?.status, statusOf('current')?.retired], ['retiring', true]);
  assert.deepEqual([statusOf('next')?.status, statusOf('next')?.retired], ['current', false]);
  assert.equal(rows.length, 4);
  assert.ok(rows.every(row => row.jwk !== null && row.jwk.d === undefined));
});

test('the system itself acts without an id', async () => {
  const role = await createEntry(pool, SYSTEM_ACTOR, 'roles', { name: 'robot', description: '' });
  const [entry] = await listAudit(pool, { subjectId: role.id, limit: 1 });
  assert.deepEqual([entry?.actorType, entry?.actorId], ['system', null]);
});

test('a role is given only to an account that is there', async () => {
  const role = await createEntry(pool, SYSTEM_ACTOR, 'roles', { name: 'guide', description: '' });
  const deleted = await insertUser(pool);
  await pool.execute(sql`update users set deleted_at = now() where id = ${deleted}`);
  for (const userId of [deleted, newId()])
    await refused(grantRole(pool, actor, userId, role.id), 'not_found');
});

test('nobody hands out, or takes away, more than they have', async () => {
  const clerk = await insertUser(pool);
  const keeper = await createEntry(pool, SYSTEM_ACTOR, 'roles', { name: 'role-keeper', description: '' });
  const permissions = await listPermissions(pool, { limit: 100 });
  const idOf = (name: string) => permissions.find(permission => permission.name === name)?.id ?? '';
  await grantPermission(pool, SYSTEM_ACTOR, keeper.id, idOf('roles:write'));
  await grantRole(pool, SYSTEM_ACTOR, clerk, keeper.id);
  const clerkActor: Actor = { type: 'user', id: clerk };
  const admin = await builtIn('admin');
  await refused(grantRole(pool, clerkActor, clerk, admin.id), 'permission_denied');
  await refused(revokeRole(pool, clerkActor, administratorId, admin.id), 'permission_denied');
  await refused(grantPermission(pool, clerkActor, keeper.id, idOf('users:write')), 'permission_denied');
  await grantRole(pool, clerkActor, await insertUser(pool), keeper.id);
});
