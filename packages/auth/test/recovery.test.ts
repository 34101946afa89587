import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { type ErrorCode, isHoldfastError, newId } from '@holdfast/core';
import { connect, sql } from '@holdfast/postgres';
import { testDatabase } from '@holdfast/testing';
import { decodeRefreshToken, encodeRefreshToken, type JournalEntry, recordRestore } from '../src/index.ts';
import { auditActions, createHarness, insertUser, STRANGER, startSession } from './harness.ts';

const database = await testDatabase();
after(() => database.close());
const { pool } = database;
const harness = createHarness(pool);
const { sessions, keyring } = harness;
const strict = createHarness(pool, { keyring, recovery: 'strict' });

const refresh = (token: string) => sessions.refresh(token, STRANGER);
const refused = (work: Promise<unknown>, code: ErrorCode) =>
  assert.rejects(work, (error: unknown) => isHoldfastError(error, code));

/** What a restore does to a session that began after the backup. */
async function forgetSession(sessionId: string): Promise<void> {
  await pool.execute(sql`delete from sessions where id = ${sessionId}`);
}

async function recordLostMinute(journal: readonly JournalEntry[] = []): Promise<void> {
  const connection = await connect({ url: database.ownerUrl });
  try {
    const now = Date.now();
    const restore = { restoredTo: new Date(now - 60_000), restoredAt: new Date(now + 1_000), note: 'test' };
    await recordRestore(connection, restore, journal);
  } finally {
    await connection.close();
  }
}

/** An id as it was made at another time (RFC 9562 section 5.7). */
function idOf(ms: number): string {
  const hex = ms.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}${newId().slice(13)}`;
}

async function clearEpochs(): Promise<void> {
  const connection = await connect({ url: database.ownerUrl });
  await connection.script('truncate holdfast_recovery.restore_epochs, holdfast_recovery.revoked_sessions');
  await connection.close();
}

test('without a recorded restore a genuine unknown token waits; it is not logged out', async () => {
  const { refreshToken, sessionId } = await startSession(harness, await insertUser(pool));
  await forgetSession(sessionId);
  await refused(refresh(refreshToken), 'recovery_pending');
  await recordLostMinute();
  await refresh(refreshToken);
  await clearEpochs();
});

test('9 after a restore an unknown session and one that is ahead go on; both are audited', async () => {
  const userId = await insertUser(pool);
  const unknown = await startSession(harness, userId);
  const ahead = await startSession(harness, userId);
  const second = await refresh((await refresh(ahead.refreshToken)).refreshToken);
  await forgetSession(unknown.sessionId);
  await pool.execute(sql`
    update refresh_tokens set generation = 0, previous_rotations = '{}' where session_id = ${ahead.sessionId}
  `);
  await recordLostMinute();
  const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(unknown.refreshToken)));
  assert.equal(new Set(answers.map(answer => answer.refreshToken)).size, 1);
  const next = await refresh(second.refreshToken);
  assert.equal(decodeRefreshToken(keyring, next.refreshToken).generation, 3);
  for (const sessionId of [unknown.sessionId, ahead.sessionId]) {
    const recovered = (await auditActions(pool, sessionId)).filter(action => action === 'session.recovered');
    assert.equal(recovered.length, 1);
  }
  await clearEpochs();
});

test('9 what was revoked before the restore stays revoked, known to the backup or not', async () => {
  const userId = await insertUser(pool);
  const forgotten = await startSession(harness, userId);
  const setBack = await startSession(harness, userId);
  for (const { refreshToken } of [forgotten, setBack]) await sessions.end(refreshToken, STRANGER);
  const journal = harness.journal.filter(entry =>
    [forgotten.sessionId, setBack.sessionId].includes(entry.sessionId),
  );
  assert.equal(journal.length, 2);
  await forgetSession(forgotten.sessionId);
  await pool.execute(
    sql`update sessions set revoked_at = null, revocation_reason = null where id = ${setBack.sessionId}`,
  );
  await pool.execute(
    sql`update refresh_tokens set revoked_at = null where session_id = ${setBack.sessionId}`,
  );
  await recordLostMinute(journal);
  await refused(refresh(forgotten.refreshToken), 'session_revoked');
  await refused(refresh(setBack.refreshToken), 'session_revoked');
  await clearEpochs();
});

test('a token issued outside the lost time is not adopted', async () => {
  const userId = await insertUser(pool);
  const { refreshToken, sessionId } = await startSession(harness, userId);
  await forgetSession(sessionId);
  await recordLostMinute();
  const claims = decodeRefreshToken(keyring, refreshToken);
  const early = encodeRefreshToken(keyring, { ...claims, issuedAt: claims.issuedAt - 3_600_000 });
  await refused(refresh(early), 'recovery_pending');
  await refresh(refreshToken);
  await clearEpochs();
});

test('a token whose transaction began just before the point, and was committed after it, is adopted', async () => {
  const { refreshToken, sessionId } = await startSession(harness, await insertUser(pool));
  await forgetSession(sessionId);
  const connection = await connect({ url: database.ownerUrl });
  const { issuedAt } = decodeRefreshToken(keyring, refreshToken);
  const restoredTo = new Date(issuedAt + 1_500);
  await recordRestore(connection, { restoredTo, restoredAt: new Date(issuedAt + 60_000), note: 'test' }, []);
  await connection.close();
  await refresh(refreshToken);
  await clearEpochs();
});

test('a user who is not in the restored database is told so, and a disabled one stays out', async () => {
  const stranger = await startSession(harness, await insertUser(pool));
  await pool.execute(sql`delete from users where id = ${stranger.userId}`);
  const disabled = await startSession(harness, await insertUser(pool));
  await forgetSession(disabled.sessionId);
  await pool.execute(sql`update users set status = 'disabled' where id = ${disabled.userId}`);
  await recordLostMinute();
  await refused(refresh(stranger.refreshToken), 'account_not_in_restored_database');
  await refused(refresh(disabled.refreshToken), 'account_disabled');
  await clearEpochs();
});

test('an account that is older than the restored point was deleted since: its session waits, whatever was restored before', async () => {
  const elder = idOf(Date.now() - 16 * 60_000);
  const foreign = randomUUID();
  const young = await insertUser(pool);
  const users = [elder, foreign].map(id => sql`(${id}::uuid, ${`${id}@example.com`})`);
  await pool.execute(sql`insert into users (id, email) values ${sql.join(users, ', ')}`);
  const tokens = await Promise.all([elder, foreign, young].map(id => startSession(harness, id)));
  await recordLostMinute();
  await pool.execute(sql`delete from users where id = any(${[elder, foreign, young]}::uuid[])`);
  const codes = ['recovery_pending', 'recovery_pending', 'account_not_in_restored_database'] as const;
  for (const [index, code] of codes.entries())
    await refused(refresh(tokens[index]?.refreshToken ?? ''), code);
  await clearEpochs();
});

test('an account whose registration the restored database holds was deleted since, however near the point its id is', async () => {
  const userId = await insertUser(pool);
  const { refreshToken } = await startSession(harness, userId);
  const { now } = await pool.one(sql<{ now: Date }>`select clock_timestamp() as now`);
  const connection = await connect({ url: database.ownerUrl });
  const restore = { restoredTo: now, restoredAt: new Date(now.getTime() + 1_000), note: 'test' };
  await recordRestore(connection, restore, []);
  await connection.close();
  await pool.execute(sql`delete from users where id = ${userId}`);
  await refused(refresh(refreshToken), 'recovery_pending');
  await clearEpochs();
});

test('in strict mode exactly the sessions of the lost time sign in again', async () => {
  const userId = await insertUser(pool);
  const kept = await startSession(harness, userId);
  const lost = await startSession(harness, userId);
  await forgetSession(lost.sessionId);
  await recordLostMinute();
  await refused(strict.sessions.refresh(lost.refreshToken, STRANGER), 'session_not_restored');
  await strict.sessions.refresh(kept.refreshToken, STRANGER);
  await clearEpochs();
});

test('a replay of an older token after the recovery is reuse', async () => {
  const { refreshToken, sessionId } = await startSession(harness, await insertUser(pool));
  let latest = refreshToken;
  for (let turn = 0; turn < 3; turn += 1) latest = (await refresh(latest)).refreshToken;
  await forgetSession(sessionId);
  await recordLostMinute();
  latest = (await refresh(latest)).refreshToken;
  await refresh(latest);
  await refused(refresh(refreshToken), 'refresh_token_reused');
  await clearEpochs();
});

test('a restore with its times the wrong way round is refused', async () => {
  const connection = await connect({ url: database.ownerUrl });
  const restore = { restoredTo: new Date(2_000), restoredAt: new Date(1_000), note: '' };
  await refused(
    recordRestore(connection, restore, [
      { at: new Date().toISOString(), sessionId: newId(), reason: 'logout' },
    ]),
    'invalid_request',
  );
  assert.deepEqual(await pool.many(sql`select id from holdfast_recovery.restore_epochs`), []);
  await connection.close();
});

test('a session that ended and comes back live after an earlier restore is ended again', async () => {
  const { refreshToken, sessionId, userId } = await startSession(harness, await insertUser(pool));
  const journal = [{ at: new Date().toISOString(), sessionId, reason: 'logout' } as const];
  await forgetSession(sessionId);
  await recordLostMinute(journal);
  await pool.execute(sql`
    insert into sessions (id, user_id, client_id, amr, expires_at)
    values (${sessionId}, ${userId}, 'web', '{}', now() + interval '1 day')
  `);
  await recordLostMinute(journal);
  const { ended } = await pool.one(
    sql<{ ended: boolean }>`select revoked_at is not null as ended from sessions where id = ${sessionId}`,
  );
  assert.equal(ended, true);
  await refused(refresh(refreshToken), 'session_revoked');
  await clearEpochs();
});
