import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type ErrorCode, HoldfastError, isHoldfastError, systemClock } from '@holdfast/core';
import { sql } from '@holdfast/postgres';
import { testDatabase } from '@holdfast/testing';
import {
  createRevoker,
  decodeRefreshToken,
  encodeRefreshToken,
  generateKeyring,
  listSessions,
  markKeyRevoked,
  purgeSessions,
  registerKeys,
  SYSTEM_ACTOR,
  sessionIsLive,
} from '../src/index.ts';
import { ageRotations, auditActions, createHarness, insertUser, STRANGER, startSession } from './harness.ts';

const database = await testDatabase();
after(() => database.close());
const { pool } = database;
const harness = createHarness(pool);
const { sessions, keyring, accessTokens, revoke, journal } = harness;

const refresh = (token: string) => sessions.refresh(token, STRANGER);
const refused = (work: Promise<unknown>, code: ErrorCode) =>
  assert.rejects(work, (error: unknown) => isHoldfastError(error, code));

test('a session starts with tokens of the same session, an audit row and a recorded login', async () => {
  const userId = await insertUser(pool);
  const issued = await startSession(harness, userId);
  const claims = await accessTokens.verify(issued.accessToken);
  assert.equal(claims.sessionId, issued.sessionId);
  assert.equal(claims.userId, userId);
  const family = decodeRefreshToken(keyring, issued.refreshToken);
  assert.deepEqual([family.familyId, family.generation, family.userId], [issued.sessionId, 0, userId]);
  assert.deepEqual(await auditActions(pool, issued.sessionId), ['session.started']);
  const attempts = await pool.many(
    sql<{ outcome: string }>`select outcome from login_attempts where user_id = ${userId}`,
  );
  assert.deepEqual(attempts, [{ outcome: 'succeeded' }]);
});

test('1 parallel refreshes of one token give one successor, and all callers are signed in', async () => {
  const { refreshToken, sessionId } = await startSession(harness, await insertUser(pool));
  const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(refreshToken)));
  assert.equal(new Set(answers.map(answer => answer.refreshToken)).size, 1);
  const successor = answers[0]?.refreshToken ?? '';
  assert.equal(decodeRefreshToken(keyring, successor).generation, 1);
  for (const answer of answers)
    assert.equal((await accessTokens.verify(answer.accessToken)).sessionId, sessionId);
  assert.equal(decodeRefreshToken(keyring, (await refresh(successor)).refreshToken).generation, 2);
});

test('refreshes of one turn share a commit, and nobody waits for the session of somebody else', async () => {
  const started = await Promise.all(
    Array.from({ length: 6 }, async () => startSession(harness, await insertUser(pool))),
  );
  const [held, ended, ...others] = started;
  assert.ok(held !== undefined && ended !== undefined);
  await revoke(pool, { sessionId: ended.sessionId }, { reason: 'logout', actor: SYSTEM_ACTOR });
  const release = Promise.withResolvers<void>();
  const holding = Promise.withResolvers<void>();
  const holder = pool.transaction(async tx => {
    await tx.execute(sql`select from refresh_tokens where session_id = ${held.sessionId} for update`);
    holding.resolve();
    await release.promise;
  });
  await holding.promise;
  const [refreshedLate, refusal, ...refreshed] = started.map(({ refreshToken }) => refresh(refreshToken));
  assert.ok(refreshedLate !== undefined && refusal !== undefined);
  await refused(refusal, 'session_revoked');
  const answers = await Promise.all(refreshed);
  assert.deepEqual(
    answers.map(({ sessionId }) => sessionId),
    others.map(({ sessionId }) => sessionId),
  );
  const times = await pool.many(sql<{ rotated_at: Date; generation: number }>`
    select distinct rotated_at, generation from refresh_tokens
    where session_id = any (${others.map(({ sessionId }) => sessionId)}::uuid[])
  `);
  assert.deepEqual(
    times.map(({ generation }) => generation),
    [1],
    'one transaction, and so one time',
  );
  release.resolve();
  await holder;
  const late = await refreshedLate;
  assert.equal(decodeRefreshToken(keyring, late.refreshToken).generation, 1);
});

test('2 a retry after a lost answer gets the same successor, however late, while that is unused', async () => {
  const { refreshToken, sessionId } = await startSession(harness, await insertUser(pool));
  const lost = await refresh(refreshToken);
  await ageRotations(pool, sessionId, 3_600);
  const retried = await refresh(refreshToken);
  assert.equal(decodeRefreshToken(keyring, retried.refreshToken).generation, 1);
  await refresh(lost.refreshToken);
});

test('inside the grace window an older token converges on the current one', async () => {
  const { refreshToken } = await startSession(harness, await insertUser(pool));
  const first = await refresh(refreshToken);
  const second = await refresh(first.refreshToken);
  const third = await refresh(second.refreshToken);
  assert.equal((await refresh(refreshToken)).refreshToken, third.refreshToken);
  assert.equal((await refresh(first.refreshToken)).refreshToken, third.refreshToken);
});

test('3 reuse after the grace window revokes the family, is audited, and says so', async () => {
  const { refreshToken, sessionId } = await startSession(harness, await insertUser(pool));
  const first = await refresh(refreshToken);
  const second = await refresh(first.refreshToken);
  await ageRotations(pool, sessionId, 31);
  await refused(refresh(refreshToken), 'refresh_token_reused');
  await refused(refresh(second.refreshToken), 'session_revoked');
  assert.equal(await sessionIsLive(pool, sessionId), false);
  assert.deepEqual(
    journal.filter(entry => entry.sessionId === sessionId).map(entry => entry.reason),
    ['refresh_token_reused'],
  );
  assert.ok((await auditActions(pool, sessionId)).includes('session.reuse_detected'));
});

test('4 replaying a logged-out token revokes no other session', async () => {
  const userId = await insertUser(pool);
  const ended = await startSession(harness, userId);
  const other = await startSession(harness, userId);
  await sessions.end(ended.refreshToken, STRANGER);
  await refused(refresh(ended.refreshToken), 'session_revoked');
  await refused(refresh(ended.refreshToken), 'session_revoked');
  await refresh(other.refreshToken);
});

test('5 and 10 a revocation wins against racing refreshes: afterwards nothing refreshes', async () => {
  for (let round = 0; round < 5; round += 1) {
    const { refreshToken } = await startSession(harness, await insertUser(pool));
    const racing = Array.from({ length: 50 }, () => refresh(refreshToken).catch(() => undefined));
    await sessions.end(refreshToken, STRANGER);
    const won = (await Promise.all(racing)).filter(answer => answer !== undefined);
    for (const token of [refreshToken, ...won.map(answer => answer.refreshToken)]) {
      await refused(refresh(token), 'session_revoked');
    }
  }
});

test('6 the absolute expiry holds however often a session slides', async () => {
  const { refreshToken, sessionId } = await startSession(harness, await insertUser(pool));
  await pool.execute(sql`
    update refresh_tokens set absolute_expires_at = now() + interval '1 hour' where session_id = ${sessionId}
  `);
  const slid = await refresh(refreshToken);
  assert.ok(slid.refreshExpiresAt <= Date.now() + 3_600_000);
  await pool.execute(sql`update refresh_tokens set expires_at = now() where session_id = ${sessionId}`);
  await refused(refresh(slid.refreshToken), 'session_expired');
});

test('a token of another user for the same family is refused even with a genuine MAC', async () => {
  const { refreshToken } = await startSession(harness, await insertUser(pool));
  const claims = decodeRefreshToken(keyring, refreshToken);
  const crossed = encodeRefreshToken(keyring, { ...claims, userId: await insertUser(pool) });
  await refused(refresh(crossed), 'session_revoked');
  await refresh(refreshToken);
});

test('a disabled account cannot refresh and is told why', async () => {
  const userId = await insertUser(pool);
  const { refreshToken } = await startSession(harness, userId);
  await pool.execute(sql`update users set status = 'disabled' where id = ${userId}`);
  await refused(refresh(refreshToken), 'account_disabled');
});

test('no session starts on an account that was disabled or deleted meanwhile', async () => {
  for (const change of [sql`status = 'disabled'`, sql`deleted_at = now()`]) {
    const userId = await insertUser(pool);
    await pool.execute(sql`update users set ${change} where id = ${userId}`);
    await refused(startSession(harness, userId), 'account_disabled');
    assert.deepEqual(await pool.many(sql`select id from sessions where user_id = ${userId}`), []);
  }
});

test('roles are read anew at every refresh', async () => {
  const userId = await insertUser(pool);
  const { refreshToken } = await startSession(harness, userId);
  await pool.execute(
    sql`insert into user_roles (user_id, role_id) select ${userId}, id from roles where name = 'support'`,
  );
  const claims = await accessTokens.verify((await refresh(refreshToken)).accessToken);
  assert.deepEqual(claims.roles, ['support']);
});

test('sessions are listed for their owner, and all but one can be revoked at once', async () => {
  const userId = await insertUser(pool);
  const [first, second, third] = await Promise.all([1, 2, 3].map(() => startSession(harness, userId)));
  assert.ok(first && second && third);
  await startSession(harness, await insertUser(pool));
  const listed = await listSessions(pool, userId);
  assert.deepEqual(
    new Set(listed.map(row => row.id)),
    new Set([first.sessionId, second.sessionId, third.sessionId]),
  );
  assert.equal(listed[0]?.address, '203.0.113.9');
  const revoked = await revoke(
    pool,
    { userId, except: first.sessionId },
    { reason: 'revoked_by_user', actor: SYSTEM_ACTOR },
  );
  assert.deepEqual(new Set(revoked), new Set([second.sessionId, third.sessionId]));
  assert.deepEqual(
    (await listSessions(pool, userId)).map(row => row.id),
    [first.sessionId],
  );
});

test('a session of somebody else is not revoked through its id', async () => {
  const owner = await insertUser(pool);
  const { sessionId } = await startSession(harness, owner);
  const selection = { sessionId, userId: await insertUser(pool) };
  assert.deepEqual(await revoke(pool, selection, { reason: 'revoked_by_user', actor: SYSTEM_ACTOR }), []);
  assert.equal(await sessionIsLive(pool, sessionId), true);
});

test('beyond the limit the least recently used session ends', async () => {
  const limited = createHarness(pool, { sessionLimit: 2 });
  const userId = await insertUser(pool);
  const first = await startSession(limited, userId);
  const second = await startSession(limited, userId);
  await limited.sessions.refresh(first.refreshToken, STRANGER);
  const third = await startSession(limited, userId);
  assert.deepEqual(
    new Set((await listSessions(pool, userId)).map(row => row.id)),
    new Set([first.sessionId, third.sessionId]),
  );
  assert.deepEqual(
    limited.journal.map(entry => [entry.sessionId, entry.reason]),
    [[second.sessionId, 'session_limit']],
  );
});

test('when the journal cannot be written nothing is revoked', async () => {
  const { sessionId, userId } = await startSession(harness, await insertUser(pool));
  const broken = createRevoker({
    append: () => Promise.reject(new HoldfastError('journal_unavailable', 'disk full')),
  });
  await refused(
    broken(pool, { userId }, { reason: 'revoked_by_user', actor: SYSTEM_ACTOR }),
    'journal_unavailable',
  );
  assert.equal(await sessionIsLive(pool, sessionId), true);
});

test('only sessions that ended long ago are purged, with their families', async () => {
  const userId = await insertUser(pool);
  const live = await startSession(harness, userId);
  const recent = await startSession(harness, userId);
  const old = await startSession(harness, userId);
  for (const { refreshToken } of [recent, old]) await sessions.end(refreshToken, STRANGER);
  await pool.execute(
    sql`update sessions set revoked_at = now() - interval '8 days' where id = ${old.sessionId}`,
  );
  assert.equal(await pool.transaction(tx => purgeSessions(tx, 7 * 86_400_000, 100)), 1);
  const left = await pool.many(
    sql<{ id: string }>`select session_id as id from refresh_tokens where user_id = ${userId}`,
  );
  assert.deepEqual(new Set(left.map(row => row.id)), new Set([live.sessionId, recent.sessionId]));
});

test('a token under a refresh key that was revoked says that its session has ended; one under a lost key does not', async () => {
  const former = createHarness(pool, { keyring: generateKeyring(systemClock) });
  await registerKeys(pool, former.keyring);
  const { refreshToken } = await startSession(former, await insertUser(pool));
  await refused(refresh(refreshToken), 'token_invalid');
  const key = former.keyring.keys.find(({ use }) => use === 'refresh');
  assert.equal(await markKeyRevoked(pool, key?.kid ?? ''), true);
  await refused(refresh(refreshToken), 'session_revoked');
});
