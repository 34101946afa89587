import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createRevoker,
  deleteAccount,
  disableAccount,
  grantRole,
  SYSTEM_ACTOR,
  toggleEntry,
} from '@holdfast/auth';
import { type OperationId, operations } from '@holdfast/contract';
import { newId } from '@holdfast/core';
import { sql } from '@holdfast/postgres';
import { eventually } from '@holdfast/testing';
import { call } from './support/requests.ts';
import { testApp } from './support/test-app.ts';
import { createWorld, type World } from './support/world.ts';

const IDS = Object.keys(operations) as OperationId[];
const GUARDED = IDS.filter(id => operations[id].access === 'permission');

/** The path parameters do not matter: whoever may not is told so before anything is looked for. */
function anyParams(id: OperationId): Record<string, string> {
  const names = [...operations[id].path.matchAll(/\{(\w+)\}/g)].map(match => match[1] ?? '');
  return Object.fromEntries(names.map(name => [name, newId()]));
}

async function statusFor(world: World, id: OperationId, token: string): Promise<string> {
  const response = await call(world.app, id, { token, params: anyParams(id) });
  const { code } = JSON.parse(response.body === '' ? '{}' : response.body) as { code?: string };
  return `${response.status} ${code ?? ''}`.trim();
}

test('everything under /api/v1/admin takes a permission that exists', async t => {
  const world = await createWorld(await testApp(t));
  assert.deepEqual(
    IDS.filter(id => operations[id].path.startsWith('/api/v1/admin')).sort(),
    [...GUARDED].sort(),
  );
  const rows = await world.pool.many(sql<{ name: string }>`select name from permissions`);
  const known = new Set(rows.map(({ name }) => name));
  for (const id of GUARDED) {
    assert.ok(known.has((operations[id] as { permission: string }).permission), id);
  }
});

test('somebody without any permission is refused everywhere', async t => {
  const world = await createWorld(await testApp(t));
  for (const id of GUARDED) {
    assert.equal(await statusFor(world, id, world.plain.accessToken), '403 permission_denied', id);
  }
});

test('a permission opens its own operations and no others', async t => {
  const world = await createWorld(await testApp(t));
  const permissions = new Set(GUARDED.map(id => (operations[id] as { permission: string }).permission));
  for (const permission of permissions) {
    const role = await world.role();
    await world.pool.execute(sql`
      insert into role_permissions (role_id, permission_id)
      select ${role.id}, id from permissions where name = ${permission}
    `);
    const person = await world.people.person(['user', role.name]);
    for (const id of GUARDED) {
      const status = await statusFor(world, id, person.accessToken);
      const own = (operations[id] as { permission: string }).permission === permission;
      assert.equal(status === '403 permission_denied', !own, `${id} with ${permission}: ${status}`);
    }
  }
});

test('grants, disabled roles and disabled permissions count at once, whatever the token says', async t => {
  const world = await createWorld(await testApp(t));
  const { pool, people } = world;
  const person = await people.person();
  const role = await world.role();
  const read = () => statusFor(world, 'listUsers', person.accessToken);
  await pool.execute(sql`
    insert into role_permissions (role_id, permission_id)
    select ${role.id}, id from permissions where name = 'users:read'
  `);
  assert.equal(await read(), '403 permission_denied');
  await grantRole(pool, SYSTEM_ACTOR, person.userId, role.id);
  assert.equal(await read(), '200');
  await toggleEntry(pool, SYSTEM_ACTOR, 'roles', role.id, true);
  assert.equal(await read(), '403 permission_denied');
  await toggleEntry(pool, SYSTEM_ACTOR, 'roles', role.id, false);
  assert.equal(await read(), '200');
  await pool.execute(sql`update permissions set disabled_at = now() where name = 'users:read'`);
  assert.equal(await read(), '403 permission_denied');
});

for (const [verb, end] of [
  ['disabled', disableAccount],
  ['deleted', deleteAccount],
] as const) {
  test(`a ${verb} account is shut out everywhere`, async t => {
    const world = await createWorld(await testApp(t));
    const person = await world.people.person(['admin', 'user']);
    await end(
      { pool: world.pool, revoke: createRevoker({ append: async () => undefined }) },
      SYSTEM_ACTOR,
      person.userId,
    );
    assert.equal(await statusFor(world, 'getMe', person.accessToken), '401 session_revoked');
    for (const id of GUARDED) {
      const status = await statusFor(world, id, person.accessToken);
      assert.match(status, /^(401 session_revoked|403 permission_denied)$/, id);
    }
    const own = IDS.filter(id => operations[id].access === 'user' && !('body' in operations[id]));
    for (const id of own) {
      await eventually(
        async () => (await statusFor(world, id, person.accessToken)) === '401 session_revoked',
      );
    }
    const refresh = await call(world.app, 'refresh', { body: { refreshToken: person.refreshToken } });
    assert.equal(refresh.status, 401);
    const state = await call(world.app, 'validateToken', { body: { token: person.accessToken } });
    assert.deepEqual(JSON.parse(state.body), { active: false });
  });
}

test('who may create accounts but not grant roles cannot create somebody who may more', async t => {
  const world = await createWorld(await testApp(t));
  const { app, pool, people } = world;
  const role = await world.role();
  await pool.execute(sql`
    insert into role_permissions (role_id, permission_id)
    select ${role.id}, id from permissions where name = 'users:write'
  `);
  const { accessToken: token } = await people.person(['user', role.name]);
  const create = (body: unknown) => call(app, 'createUser', { token, body });
  assert.equal((await create({ email: `${newId()}@example.com` })).status, 201);
  assert.equal((await create({ email: `${newId()}@example.com`, roles: ['user'] })).status, 201);
  assert.equal((await create({ email: `${newId()}@example.com`, roles: ['admin'] })).status, 403);
  const lines = [
    { email: `${newId()}@example.com` },
    { email: `${newId()}@example.com`, roles: ['user', 'admin'] },
  ];
  const body = lines.map(line => JSON.stringify(line)).join('\n');
  const imported = await call(app, 'importUsers', { token, body, contentType: 'application/x-ndjson' });
  const { imported: count, errors } = JSON.parse(imported.body);
  assert.equal(count, 1);
  assert.deepEqual(
    errors.map((error: { line: number; code: string }) => [error.line, error.code]),
    [[2, 'permission_denied']],
  );
});

test('who may end sessions ends none of somebody who may more', async t => {
  const { app, people, admin, plain } = await createWorld(await testApp(t));
  const { accessToken: token } = await people.person(['support']);
  const end = (userId: string) => call(app, 'revokeUserSessions', { token, params: { userId } });
  const endOne = ({ userId, sessionId }: { userId: string; sessionId: string }) =>
    call(app, 'revokeUserSession', { token, params: { userId, sessionId } });
  assert.equal((await end(admin.userId)).status, 403);
  assert.equal((await endOne(admin)).status, 403);
  assert.equal((await call(app, 'getMe', { token: admin.accessToken })).status, 200, 'the session lives');
  assert.equal((await endOne(plain)).status, 204);
  assert.equal((await end(plain.userId)).status, 200);
});
