import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import { connect, createPool, type Pool, sql } from '@holdfast/postgres';
import { eventually, throwawayHome } from '@holdfast/testing';

const answers = async (pool: Pool) => (await pool.one(sql`select 1 as a`)).a === 1;

const isTrouble = (error: unknown): boolean =>
  isHoldfastError(error, 'database_unavailable', 'database_timeout') && error.retryAfter === 1;

/** What the promise for callers is measured with: far above the bound of one statement, far below for ever. */
const BOUND_MS = 3_000;

async function withinBound<T>(work: Promise<T>): Promise<T> {
  const started = performance.now();
  try {
    return await work;
  } finally {
    assert.ok(performance.now() - started < BOUND_MS);
  }
}

describe('a stopped PostgreSQL', () => {
  test('is reported, crashes nothing, and is used again once it is back', async t => {
    const place = await throwawayHome(t);
    const cluster = await place.start();
    // what was granted a moment ago must outlive a crash, and commits of throwaway clusters do not wait for the disk
    const admin = await connect({ url: cluster.superuserUrl });
    await admin.query(sql`checkpoint`);
    await admin.close();
    const lost: Error[] = [];
    const pool = createPool({ url: cluster.appUrl, max: 3, onError: error => lost.push(error) });
    t.after(() => pool.close());
    await Promise.all([1, 2, 3].map(() => pool.query(sql`select pg_sleep(0.05)`)));
    const running = assert.rejects(pool.query(sql`select pg_sleep(1)`), isTrouble);
    await cluster.stop('immediate');
    await running;
    await eventually(() => lost.length > 0);
    await assert.rejects(withinBound(pool.query(sql`select 1`)), isTrouble);
    await place.start({ port: cluster.port });
    await eventually(() => answers(pool));
    assert.equal(pool.stats().waiting, 0);
  });

  test('is waited for within the acquire timeout', async t => {
    const place = await throwawayHome(t);
    const first = await place.start();
    const pool = createPool({ url: first.appUrl, max: 1, acquireTimeoutMs: 30_000 });
    t.after(() => pool.close());
    await first.stop();
    const patient = pool.one(sql`select 1 as a`);
    await place.start({ port: first.port });
    assert.deepEqual(await patient, { a: 1 });
  });

  test('jitter decides how often it is asked', async t => {
    const place = await throwawayHome(t);
    const cluster = await place.start();
    await cluster.stop();
    let draws = 0;
    const never = (): number => {
      draws += 1;
      return 1;
    };
    const pool = createPool({ url: cluster.appUrl, acquireTimeoutMs: 500, random: never });
    t.after(() => pool.close());
    await assert.rejects(pool.query(sql`select 1`), isTrouble);
    // pauses of 25, 50, 100 and 200 ms, then 250 would end after the deadline
    assert.equal(draws, 5);
  });

  test('a full line during an outage is not called exhaustion', async t => {
    const place = await throwawayHome(t);
    const cluster = await place.start();
    await cluster.stop();
    const pool = createPool({ url: cluster.appUrl, max: 1, maxWaiting: 1, acquireTimeoutMs: 400 });
    t.after(() => pool.close());
    await assert.rejects(pool.query(sql`select 1`), { code: 'database_unavailable' });
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => pool.query(sql`select 1`)));
    const codes = outcomes.map(outcome => outcome.status === 'rejected' && outcome.reason.code);
    assert.deepEqual(codes, Array(3).fill('database_unavailable'));
  });
});

describe('a frozen PostgreSQL', () => {
  test('cannot hang anybody, and its connections are not used again', async t => {
    const place = await throwawayHome(t);
    const cluster = await place.start();
    const pool = createPool({ url: cluster.appUrl, max: 2 });
    t.after(() => pool.close());
    const pids = await Promise.all(
      [1, 2].map(() => pool.one(sql<{ pid: number }>`select pg_backend_pid() as pid, pg_sleep(0.05)`)),
    );
    const frozen = [cluster.pid, ...pids.map(({ pid }) => pid)];
    for (const pid of frozen) process.kill(pid, 'SIGSTOP');
    try {
      // two on the frozen connections, the others in the line or on new ones
      const statements = Array.from({ length: 6 }, () => withinBound(pool.query(sql`select 1`)));
      const transaction = withinBound(pool.transaction(tx => tx.query(sql`select 1`)));
      const outcomes = await Promise.allSettled([...statements, transaction]);
      const reasons = outcomes.map(outcome => outcome.status === 'rejected' && outcome.reason);
      assert.ok(reasons.every(isTrouble), String(reasons));
      assert.equal(pool.stats().checkedIn, 0);
    } finally {
      for (const pid of frozen) process.kill(pid, 'SIGCONT');
    }
    await eventually(() => answers(pool));
    const after = await pool.one(sql<{ pid: number }>`select pg_backend_pid() as pid`);
    assert.ok(!pids.some(({ pid }) => pid === after.pid));
  });

  test('does not keep the pool from closing', async t => {
    const place = await throwawayHome(t);
    const cluster = await place.start();
    const pool = createPool({ url: cluster.appUrl, max: 1 });
    const { pid } = await pool.one(sql<{ pid: number }>`select pg_backend_pid() as pid`);
    process.kill(pid, 'SIGSTOP');
    try {
      await withinBound(pool.close());
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });
});

test('kill -9 of a backend under load: every statement ends, the pool goes on', async t => {
  const place = await throwawayHome(t);
  const cluster = await place.start();
  const pool = createPool({ url: cluster.appUrl, max: 4 });
  t.after(() => pool.close());
  const { pid } = await pool.one(sql<{ pid: number }>`select pg_backend_pid() as pid`);
  const statements = Array.from({ length: 200 }, (_, n) => pool.one(sql`select ${n}::int as n`));
  process.kill(pid, 'SIGKILL');
  const outcomes = await Promise.allSettled(statements);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') assert.ok(isTrouble(outcome.reason), String(outcome.reason));
  }
  await eventually(() => answers(pool));
});
