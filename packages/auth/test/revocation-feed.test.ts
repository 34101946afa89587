import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { isHoldfastError, newId, systemClock } from '@holdfast/core';
import { connect, createPool } from '@holdfast/postgres';
import { testDatabase } from '@holdfast/testing';
import {
  createAuthenticator,
  createRevocationFeed,
  type RevocationFeed,
  recordRestore,
} from '../src/index.ts';
import { createHarness, insertUser, STRANGER, startSession } from './harness.ts';

const database = await testDatabase();
after(() => database.close());
const harness = createHarness(database.pool);
const { sessions, accessTokens, pool } = harness;
const HOUR = 3_600_000;

async function eventually(what: string, holds: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    if (holds()) return;
    await systemClock.sleep(10);
  }
  assert.fail(`still not true after 5 s: ${what}`);
}

async function withFeed(
  options: Partial<Parameters<typeof createRevocationFeed>[0]>,
  work: (feed: RevocationFeed) => Promise<void>,
) {
  const feed = createRevocationFeed({ db: pool, accessTtlMs: HOUR, ...options });
  try {
    await work(feed);
  } finally {
    await feed.close();
  }
}

test('a notification is enough: the feed learns of a revocation without polling again', async () => {
  await withFeed({ url: database.url, pollMs: HOUR }, async feed => {
    await eventually('the feed has polled', feed.isFresh);
    const { sessionId, refreshToken } = await startSession(harness, await insertUser(pool));
    await sessions.refresh(refreshToken, STRANGER);
    assert.equal(feed.isRevoked(sessionId), false);
    await sessions.end(refreshToken, STRANGER);
    await eventually('the revocation arrives', () => feed.isRevoked(sessionId));
  });
});

test('polling alone is enough, and finds what was revoked before the feed began', async () => {
  const early = await startSession(harness, await insertUser(pool));
  await sessions.end(early.refreshToken, STRANGER);
  await withFeed({ pollMs: 20 }, async feed => {
    await eventually('the earlier revocation is known', () => feed.isRevoked(early.sessionId));
    const later = await startSession(harness, await insertUser(pool));
    await sessions.end(later.refreshToken, STRANGER);
    await eventually('the later revocation is known', () => feed.isRevoked(later.sessionId));
  });
});

test('a session that only the journal of a restore knows is revoked for the feed, too', async () => {
  const sessionId = newId();
  const at = new Date(Date.now() - 60_000).toISOString();
  await withFeed({ pollMs: 20 }, async feed => {
    await eventually('the feed has polled', feed.isFresh);
    const connection = await connect({ url: database.ownerUrl });
    const now = new Date();
    const restore = { restoredTo: new Date(now.getTime() - 120_000), restoredAt: now, note: 'test' };
    await recordRestore(connection, restore, [{ at, sessionId, reason: 'logout' }]);
    await connection.close();
    await eventually('the revocation is known', () => feed.isRevoked(sessionId));
  });
});

test('without notifications a feed vouches for no session once a poll is overdue', async () => {
  let cutOff = false;
  const one: typeof pool.one = query => (cutOff ? Promise.reject(new Error('cut off')) : pool.one(query));
  const deaf = 'postgresql://nobody@127.0.0.1:1/none';
  await withFeed({ db: { ...pool, one }, url: deaf, pollMs: 200, maxStalenessMs: HOUR }, async feed => {
    await eventually('the feed has polled', feed.isFresh);
    cutOff = true;
    await eventually('the feed is stale', () => !feed.isFresh());
    cutOff = false;
    await eventually('the feed is fresh again', feed.isFresh);
  });
});

test('a feed that cannot poll becomes stale, and becomes fresh again by itself', async () => {
  const failing = { ...pool, one: () => Promise.reject(new Error('cut off')) };
  let db = failing as typeof pool;
  const proxied = { ...pool, one: (query: Parameters<typeof pool.one>[0]) => db.one(query) } as typeof pool;
  await withFeed({ db: proxied, pollMs: 10, maxStalenessMs: 200 }, async feed => {
    assert.equal(feed.isFresh(), false);
    db = pool;
    await eventually('fresh', feed.isFresh);
    db = failing as typeof pool;
    await eventually('stale', () => !feed.isFresh());
    db = pool;
    await eventually('fresh again', feed.isFresh);
  });
});

const staleFeed: RevocationFeed = {
  isRevoked: () => false,
  isFresh: () => false,
  markRevoked: () => undefined,
  onRevoked: () => () => undefined,
  poll: async () => undefined,
  close: async () => undefined,
};

test('with a stale feed the database decides', async () => {
  const authenticator = createAuthenticator({ accessTokens, feed: staleFeed, db: pool });
  const { accessToken, refreshToken, userId } = await startSession(harness, await insertUser(pool));
  assert.equal((await authenticator.authenticate(accessToken)).userId, userId);
  await sessions.end(refreshToken, STRANGER);
  await assert.rejects(
    async () => authenticator.authenticate(accessToken),
    (error: unknown) => isHoldfastError(error, 'session_revoked'),
  );
});

test('8 with a stale feed and no database the answer is unavailability, never a logout', async () => {
  const nowhere = createPool({ url: 'postgresql://u:p@127.0.0.1:1/none', acquireTimeoutMs: 50 });
  try {
    const authenticator = createAuthenticator({ accessTokens, feed: staleFeed, db: nowhere });
    const { accessToken } = await startSession(harness, await insertUser(pool));
    await assert.rejects(
      async () => authenticator.authenticate(accessToken),
      (error: unknown) => isHoldfastError(error, 'database_unavailable', 'database_timeout'),
    );
  } finally {
    await nowhere.close();
  }
});

test('a fresh feed answers a known token synchronously and refuses a revoked one', async () => {
  await withFeed({ url: database.url, pollMs: 50 }, async feed => {
    await eventually('fresh', feed.isFresh);
    const authenticator = createAuthenticator({ accessTokens, feed, db: pool });
    const { accessToken, refreshToken, sessionId } = await startSession(harness, await insertUser(pool));
    await authenticator.authenticate(accessToken);
    const again = authenticator.authenticate(accessToken);
    assert.ok(!(again instanceof Promise));
    await sessions.end(refreshToken, STRANGER);
    await eventually('revoked', () => feed.isRevoked(sessionId));
    assert.throws(
      () => authenticator.authenticate(accessToken),
      (error: unknown) => isHoldfastError(error, 'session_revoked'),
    );
  });
});
