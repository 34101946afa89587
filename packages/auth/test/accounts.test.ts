import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type ErrorCode, isHoldfastError, newId } from '@holdfast/core';
import { sql } from '@holdfast/postgres';
import { eventually, testDatabase } from '@holdfast/testing';
import { hash } from '@node-rs/argon2';
import {
  type Actor,
  changeAccount,
  changeOwnAccount,
  changeOwnProfile,
  createAccountFor,
  deleteAccount,
  disableAccount,
  enableAccount,
  ensureAdministrator,
  findAccount,
  findProfile,
  importAccounts,
  listAccounts,
  logIn,
  registerAccount,
  restoreAccount,
  SYSTEM_ACTOR,
  sessionIsLive,
  userHasPermission,
} from '../src/index.ts';
import { auditActions, createHarness, insertUser, PASSWORD, STRANGER } from './harness.ts';

const database = await testDatabase();
after(() => database.close());
const { pool } = database;
const harness = createHarness(pool);
const { hasher, revoke } = harness;
const dependencies = { pool, hasher, revoke };

const refused = (work: Promise<unknown>, code: ErrorCode) =>
  assert.rejects(work, (error: unknown) => isHoldfastError(error, code));
const address = () => `${newId()}@example.com`;
const register = (email: string) => registerAccount(dependencies, { email, password: PASSWORD }, STRANGER);
const logInAs = (email: string, password: string) =>
  logIn(harness, { email, password, clientId: 'web', address: '203.0.113.9', userAgent: 'test' }, STRANGER);
const administrator: Actor = { type: 'user', id: newId() };

test('a registered account signs in with any case of its address and has the default role', async () => {
  const email = address();
  const account = await register(email);
  assert.deepEqual(
    [account.roles, account.status, account.emailVerifiedAt, account.createdBy],
    [['user'], 'active', null, account.id],
  );
  const issued = await logInAs(email.toUpperCase(), PASSWORD);
  assert.deepEqual([issued.userId, (await findAccount(pool, account.id))?.email], [account.id, email]);
  assert.deepEqual(await auditActions(pool, account.id), ['user.registered']);
});

test('an address is taken whatever its case, even by two registrations at once', async () => {
  const email = address();
  const results = await Promise.allSettled([register(email), register(email.toUpperCase()), register(email)]);
  assert.equal(results.filter(result => result.status === 'fulfilled').length, 1);
  await refused(register(email), 'email_taken');
});

test('a wrong password, an unknown address and an account without password answer alike and are recorded', async () => {
  const email = address();
  await register(email);
  const nobody = address();
  const federated = address();
  await insertUser(pool, federated);
  await refused(logInAs(email, `${PASSWORD}!`), 'invalid_credentials');
  await refused(logInAs(nobody, PASSWORD), 'invalid_credentials');
  await refused(logInAs(federated, PASSWORD), 'invalid_credentials');
  const rows = await pool.many(sql<{ email: string; outcome: string }>`
    select email, outcome from login_attempts where email = any(${[email, nobody, federated]}::text[]) order by attempted_at
  `);
  assert.deepEqual(
    rows.map(row => row.outcome),
    ['wrong_password', 'unknown_user', 'no_password'],
  );
});

test('a disabled account is told so only with the right password, and its sessions have ended', async () => {
  const email = address();
  const { id } = await register(email);
  const { sessionId } = await logInAs(email, PASSWORD);
  await disableAccount(dependencies, administrator, id);
  assert.equal(await sessionIsLive(pool, sessionId), false);
  await refused(logInAs(email, 'wrong password here'), 'invalid_credentials');
  await refused(logInAs(email, PASSWORD), 'account_disabled');
  await enableAccount(pool, administrator, id);
  await logInAs(email, PASSWORD);
  const [row] = await pool.many(
    sql<{ modifiedBy: string }>`select modified_by as "modifiedBy" from users where id = ${id}`,
  );
  assert.equal(row?.modifiedBy, administrator.id);
  assert.deepEqual(await auditActions(pool, id), ['user.registered', 'user.disabled', 'user.enabled']);
});

test('a hash with older parameters is replaced at the next login', async () => {
  const email = address();
  const { id } = await register(email);
  const old = await hash(PASSWORD, { memoryCost: 4_096, timeCost: 2, parallelism: 1 });
  await pool.execute(sql`update password_credentials set hash = ${old} where user_id = ${id}`);
  await logInAs(email, PASSWORD);
  const { hash: current } = await pool.one(
    sql<{ hash: string }>`select hash from password_credentials where user_id = ${id}`,
  );
  assert.match(current, /m=19456/);
  await logInAs(email, PASSWORD);
});

test('a new password needs the old one and ends the other sessions only', async () => {
  const email = address();
  const { id } = await register(email);
  const here = await logInAs(email, PASSWORD);
  const elsewhere = await logInAs(email, PASSWORD);
  const actor = { type: 'user', id, sessionId: here.sessionId } as const;
  const newPassword = 'violet harbour sings early';
  await refused(
    changeOwnAccount(dependencies, actor, { currentPassword: 'wrong password here', newPassword }),
    'invalid_credentials',
  );
  await refused(
    changeOwnAccount(dependencies, actor, { currentPassword: PASSWORD, newPassword: 'short' }),
    'password_rejected',
  );
  await changeOwnAccount(dependencies, actor, { currentPassword: PASSWORD, newPassword });
  assert.equal(await sessionIsLive(pool, here.sessionId), true);
  assert.equal(await sessionIsLive(pool, elsewhere.sessionId), false);
  await refused(logInAs(email, PASSWORD), 'invalid_credentials');
  await logInAs(email, newPassword);
});

test('a changed address counts as unverified, and a taken one is refused whole', async () => {
  const [email, taken, next] = [address(), address(), address()];
  const { id } = await register(email);
  await register(taken);
  await pool.execute(sql`update users set email_verified_at = now() where id = ${id}`);
  const actor = { type: 'user', id } as const;
  const change = { currentPassword: PASSWORD, email: taken, newPassword: 'violet harbour sings early' };
  await refused(changeOwnAccount(dependencies, actor, change), 'email_taken');
  await logInAs(email, PASSWORD);
  const changed = await changeOwnAccount(dependencies, actor, { currentPassword: PASSWORD, email: next });
  assert.deepEqual([changed.email, changed.emailVerifiedAt], [next, null]);
});

test('a profile changes only in the fields given, and null clears one', async () => {
  const { id } = await register(address());
  const actor = { type: 'user', id } as const;
  await changeOwnProfile(pool, actor, { displayName: 'Ada', bio: 'first' });
  await changeOwnProfile(pool, actor, { bio: null, locale: 'en-GB' });
  const profile = await findProfile(pool, id);
  assert.deepEqual([profile?.displayName, profile?.bio, profile?.locale], ['Ada', null, 'en-GB']);
});

test('a deleted account is gone for everybody until it is restored', async () => {
  const email = address();
  const { id } = await register(email);
  const { sessionId } = await logInAs(email, PASSWORD);
  await deleteAccount(dependencies, administrator, id);
  assert.equal(await sessionIsLive(pool, sessionId), false);
  await refused(logInAs(email, PASSWORD), 'invalid_credentials');
  await refused(deleteAccount(dependencies, administrator, id), 'not_found');
  await refused(changeAccount(dependencies, administrator, id, { displayName: 'x' }), 'not_found');
  const successor = await register(email);
  await refused(restoreAccount(pool, administrator, id), 'email_taken');
  await deleteAccount(dependencies, administrator, successor.id);
  assert.equal((await restoreAccount(pool, administrator, id)).deletedAt, null);
  await logInAs(email, PASSWORD);
});

test('nobody disables or deletes the account they are using', async () => {
  const { id } = await register(address());
  const self: Actor = { type: 'user', id };
  await assert.rejects(
    async () => disableAccount(dependencies, self, id),
    (error: unknown) => isHoldfastError(error, 'conflict'),
  );
  await assert.rejects(
    async () => deleteAccount(dependencies, self, id),
    (error: unknown) => isHoldfastError(error, 'conflict'),
  );
});

test('an administrator creates accounts with roles that exist', async () => {
  const account = await createAccountFor(dependencies, administrator, {
    email: address(),
    roles: ['user', 'support'],
    emailVerified: true,
  });
  assert.deepEqual(account.roles, ['support', 'user']);
  assert.equal(account.createdBy, administrator.id);
  assert.ok(account.emailVerifiedAt instanceof Date);
  const email = address();
  await refused(createAccountFor(dependencies, administrator, { email, roles: ['wizard'] }), 'not_found');
  assert.equal((await listAccounts(pool, { search: email, limit: 10 })).length, 0);
  assert.equal(await userHasPermission(pool, account.id, 'users:read'), true);
  assert.equal(await userHasPermission(pool, account.id, 'users:write'), false);
});

test('accounts are paged without gaps or repeats, and searched literally', async () => {
  const marker = `p${newId().slice(-8)}`;
  for (let index = 0; index < 7; index += 1) await insertUser(pool, `${marker}_${index}@example.com`);
  await insertUser(pool, `${marker}x9@example.com`);
  const seen: string[] = [];
  for (let before: string | undefined; ; ) {
    const page = await listAccounts(pool, { search: `${marker}_`, before, limit: 3 });
    seen.push(...page.map(account => account.email));
    before = page.at(-1)?.id;
    if (page.length < 3) break;
  }
  assert.deepEqual(
    seen,
    [6, 5, 4, 3, 2, 1, 0].map(index => `${marker}_${index}@example.com`),
  );
});

test('an import keeps the good lines, reports the bad ones, and repeating it changes nothing', async () => {
  const [plain, hashed, taken] = [address(), address(), address()];
  await register(taken);
  const batch = [
    { line: 1, email: plain, displayName: 'Plain', roles: ['support'] },
    { line: 2, email: taken },
    { line: 3, email: address(), password: 'short' },
    { line: 4, email: hashed, passwordHash: await hasher.hash(PASSWORD) },
    { line: 5, email: address(), passwordHash: '$2b$10$abcdefghijklmnopqrstuv' },
    { line: 6, email: address(), roles: ['wizard'] },
    { line: 7, email: plain.toUpperCase() },
  ];
  const result = await importAccounts(dependencies, administrator, batch);
  assert.equal(result.imported, 2);
  assert.deepEqual(
    result.problems.map(({ line, code }) => [line, code]),
    [
      [2, 'email_taken'],
      [3, 'password_rejected'],
      [5, 'invalid_request'],
      [6, 'not_found'],
      [7, 'email_taken'],
    ],
  );
  await logInAs(hashed, PASSWORD);
  assert.equal((await importAccounts(dependencies, administrator, batch)).imported, 0);
});

test('the first administrator is created once, by however many starts', async () => {
  const fresh = await testDatabase();
  try {
    const starts = await Promise.all(
      [1, 2, 3].map(() => ensureAdministrator({ pool: fresh.pool, hasher }, 'root@example.com')),
    );
    const created = starts.filter(start => start.created);
    assert.equal(created.length, 1);
    assert.equal((created[0]?.password ?? '').length, 24);
    const rows = await fresh.pool.many(
      sql<{ id: string }>`select id from users where email = 'root@example.com'`,
    );
    assert.equal(rows.length, 1);
    assert.equal(await userHasPermission(fresh.pool, rows[0]?.id ?? '', 'roles:write'), true);
    assert.deepEqual(await ensureAdministrator({ pool: fresh.pool, hasher }, 'other@example.com'), {
      created: false,
      email: 'root@example.com',
    });
  } finally {
    await fresh.close();
  }
});

test('nobody changes, disables or deletes an account with permissions they lack', async () => {
  const clerk = await createAccountFor(dependencies, SYSTEM_ACTOR, { email: address(), roles: ['support'] });
  const boss = await createAccountFor(dependencies, SYSTEM_ACTOR, { email: address(), roles: ['admin'] });
  const peer = await createAccountFor(dependencies, SYSTEM_ACTOR, { email: address(), roles: ['support'] });
  const actor: Actor = { type: 'user', id: clerk.id };
  const password = 'violet harbour sings early';
  await refused(changeAccount(dependencies, actor, boss.id, { password }), 'permission_denied');
  await refused(disableAccount(dependencies, actor, boss.id), 'permission_denied');
  await refused(deleteAccount(dependencies, actor, boss.id), 'permission_denied');
  await changeAccount(dependencies, actor, peer.id, { password });
  await disableAccount(dependencies, { type: 'user', id: boss.id }, clerk.id);
});

/** A hasher whose next verification is answered when `release` says so, though it was made before. */
function heldHasher(): { hasher: typeof hasher; verified: Promise<void>; release: () => void } {
  const verified = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const verify: typeof hasher.verify = async (stored, password) => {
    const fits = await hasher.verify(stored, password);
    verified.resolve();
    await gate.promise;
    return fits;
  };
  return { hasher: { ...hasher, verify }, verified: verified.promise, release: () => gate.resolve() };
}

const NEW_PASSWORD = 'quiet orbit guards the lunch';

for (const [who, change] of [
  [
    'the owner',
    (id: string) =>
      changeOwnAccount(
        dependencies,
        { type: 'user', id },
        { currentPassword: PASSWORD, newPassword: NEW_PASSWORD },
      ),
  ],
  [
    'an administrator',
    (id: string) => changeAccount(dependencies, SYSTEM_ACTOR, id, { password: NEW_PASSWORD }),
  ],
] as const) {
  test(`a login that has verified the old password does not outlive its change by ${who}`, async () => {
    const email = address();
    const { id } = await register(email);
    const held = heldHasher();
    const request = { email, password: PASSWORD, clientId: 'web', address: undefined, userAgent: undefined };
    const late = logIn({ ...harness, hasher: held.hasher }, request, STRANGER);
    await held.verified;
    await change(id);
    held.release();
    await refused(late, 'invalid_credentials');
    const { live } = await pool.one(
      sql<{
        live: number;
      }>`select count(*)::int as live from sessions where user_id = ${id} and revoked_at is null`,
    );
    assert.equal(live, 0);
    await logInAs(email, NEW_PASSWORD);
  });
}

test('a login that starts its session while the password is being changed waits, and then does not start it', async () => {
  const email = address();
  const { id } = await register(email);
  const another = await hasher.hash(NEW_PASSWORD);
  const changing = Promise.withResolvers<void>();
  const commit = Promise.withResolvers<void>();
  const change = pool.transaction(async tx => {
    await tx.execute(sql`update password_credentials set hash = ${another} where user_id = ${id}`);
    changing.resolve();
    await commit.promise;
  });
  await changing.promise;
  const late = logInAs(email, PASSWORD);
  late.catch(() => undefined);
  await eventually(async () => {
    const { waiting } = await pool.one(sql<{ waiting: boolean }>`
      select exists (
        select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
      ) as waiting
    `);
    return waiting;
  });
  commit.resolve();
  await change;
  await refused(late, 'invalid_credentials');
});

test('of two changes that confirmed the same password one is refused', async () => {
  const { id } = await register(address());
  const changes = [NEW_PASSWORD, 'seven quiet lanterns drift'].map(newPassword =>
    changeOwnAccount(dependencies, { type: 'user', id }, { currentPassword: PASSWORD, newPassword }),
  );
  const results = await Promise.allSettled(changes);
  const codes = results.map(result =>
    result.status === 'rejected' && isHoldfastError(result.reason) ? result.reason.code : result.status,
  );
  assert.deepEqual(codes.sort(), ['fulfilled', 'invalid_credentials']);
});
