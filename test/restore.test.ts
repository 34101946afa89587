import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { journalPath, readJournal } from '@holdfast/auth';
import { type ErrorCode, newId } from '@holdfast/core';
import { sql } from '@holdfast/postgres';
import { copyDataDirectory, restoreDataDirectory, startStack } from '@holdfast/testing';
import { runHoldfast } from '../scripts/soak/holdfast-command.ts';

const PASSWORD = 'guard dense orbit lunch';
const AT_ONCE = 4;

interface Session {
  refreshToken: string;
  accessToken: string;
}

const stack = await startStack();
after(() => stack.close());
await stack.setVariable('HOLDFAST_SESSION_LIMIT', '1000');
await restartServer('strict');

const email = `${newId()}@example.com`;
await post('/api/v1/auth/register', { email, password: PASSWORD });

// Before the copy: 100 that will be refreshed, 10 that will be logged out, 10 that nobody touches.
const refreshed = await logIn(100);
const endedEarly = await logIn(10);
const untouched = await logIn(10);
const restoredTo = await takeCopy();
// After the copy: 100 logins, 100 refreshes and 20 logouts, half of them of sessions that the copy does not know.
const started = await logIn(100);
const endedLate = await logIn(10);
for (const session of refreshed) await refresh(session, 200);
for (const { refreshToken } of [...endedEarly, ...endedLate]) {
  assert.equal((await post('/api/v1/auth/logout', { refreshToken })).status, 204);
}
await restoreCopy();

test('until the restore is recorded, whoever is newer than the database waits and is not logged out', async () => {
  for (const session of [...started.slice(0, 5), ...refreshed.slice(0, 5)]) {
    await refresh(session, 503, 'recovery_pending');
  }
});

test('restore-epoch applies every logout from the journal', async () => {
  const { entries } = await readJournal(journalPath(stack.home));
  assert.equal(entries.length, 20);
  const arguments_ = ['restore-epoch', '--home', stack.home, '--restored-to', restoredTo.toISOString()];
  const { appUrl, ownerUrl } = stack.cluster;
  const { recorded, revocations, damaged } = await runHoldfast(arguments_, {
    DATABASE_URL: appUrl,
    HOLDFAST_OWNER_DATABASE_URL: ownerUrl,
  });
  assert.deepEqual({ recorded, revocations, damaged }, { recorded: true, revocations: 20, damaged: 0 });
});

test('strict: whoever signed in or refreshed in the lost time signs in again, nobody else', async () => {
  for (const session of [...started, ...refreshed]) await refresh(session, 401, 'session_not_restored');
  for (const session of [...endedEarly, ...endedLate]) await refresh(session, 401, 'session_revoked');
  for (const session of untouched) await refresh(session, 200);
});

test('adopt: all 100 new and all 100 refreshed sessions go on, all 20 logged-out ones stay out', async () => {
  await restartServer('adopt');
  for (const session of [...started, ...refreshed]) {
    await refresh(session, 200);
    await refresh(session, 200);
    assert.equal((await get('/api/v1/users/me', session)).status, 200);
  }
  for (const session of [...endedEarly, ...endedLate]) {
    await refresh(session, 401, 'session_revoked');
    // The access token has not expired; the first path asks the database for the session, the second one does not.
    for (const path of ['/api/v1/users/me', '/api/v1/users/me/profile']) {
      const { status, body } = await get(path, session);
      assert.deepEqual([path, status, body.code], [path, 401, 'session_revoked']);
    }
  }
  const { recovered } = await stack.asSuperuser(db =>
    db.one(
      sql<{ recovered: number }>`
        select count(distinct subject_id) as recovered from audit_log where action = 'session.recovered'
      `,
    ),
  );
  assert.equal(recovered, 200);
});

async function restartServer(mode: 'adopt' | 'strict'): Promise<void> {
  await stack.setVariable('HOLDFAST_RECOVERY', mode);
  await stack.server.stop();
  await stack.server.start();
}

async function logIn(count: number): Promise<Session[]> {
  const sessions: Session[] = [];
  const work = async (): Promise<void> => {
    while (sessions.length < count) {
      const slot: Session = { refreshToken: '', accessToken: '' };
      sessions.push(slot);
      const { status, body } = await post('/api/v1/auth/login', { email, password: PASSWORD });
      assert.equal(status, 200);
      Object.assign(slot, body);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  assert.equal(sessions.length, count);
  return sessions;
}

/** Presents the refresh token; a 200 renews the session. */
async function refresh(session: Session, status: number, code?: ErrorCode): Promise<void> {
  const answer = await post('/api/v1/auth/refresh', { refreshToken: session.refreshToken });
  assert.deepEqual([answer.status, answer.body.code], [status, code]);
  if (status === 200) Object.assign(session, answer.body);
}

async function takeCopy(): Promise<Date> {
  const { now } = await stack.asSuperuser(db => db.one(sql<{ now: Date }>`select clock_timestamp() as now`));
  await stack.stopDatabase('fast');
  await copyDataDirectory(stack.cluster.dataDir, join(stack.home, 'copy'));
  await stack.startDatabase();
  await stack.server.ready();
  return now;
}

async function restoreCopy(): Promise<void> {
  await stack.stopDatabase('immediate');
  await restoreDataDirectory(join(stack.home, 'copy'), stack.cluster.dataDir);
  await stack.startDatabase();
  await stack.server.ready();
}

async function post(path: string, body: unknown) {
  const response = await fetch(`${stack.server.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
}

async function get(path: string, { accessToken }: Session) {
  const response = await fetch(`${stack.server.url}${path}`, {
    headers: { authorization: `Bearer ${accessToken}` },
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
