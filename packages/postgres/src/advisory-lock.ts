import { createHash } from 'node:crypto';
import { type Clock, HoldfastError, systemClock } from '@holdfast/core';
import type { Connection, Queryable } from './queryable.ts';
import { sql } from './sql.ts';

export interface AdvisoryLockOptions {
  /** How long to try; 0 tries once. */
  readonly timeoutMs: number;
  /** The pause between attempts. Default 100 ms. */
  readonly pollMs?: number;
  readonly clock?: Clock;
  /** Ends the waiting; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs work while this session holds the advisory lock of that key; throws `lock_timeout` when it did not get it in
 * time. It polls pg_try_advisory_lock and never blocks inside the server: a blocked session holds a snapshot, and
 * CREATE INDEX CONCURRENTLY in the session that has the lock would wait for it for ever.
 */
export async function withAdvisoryLock<T>(
  connection: Connection,
  key: string,
  options: AdvisoryLockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const lockKey = advisoryLockKey(key);
  await acquire(connection, key, lockKey, options);
  const outcome = await settle(work);
  const released = await settle(() => releaseAdvisoryLock(connection, lockKey));
  if (outcome.status === 'rejected') throw outcome.reason;
  // a session that has ended meanwhile had lost the lock, and another one may have worked at the same time
  if (released.status === 'rejected') throw released.reason;
  return outcome.value;
}

/** The number that stands for a key: the first 64 bits of its SHA-256 as a signed bigint, in decimal. */
export function advisoryLockKey(key: string): string {
  return createHash('sha256').update(key).digest().readBigInt64BE(0).toString();
}

async function acquire(
  connection: Connection,
  key: string,
  lockKey: string,
  { timeoutMs, pollMs = 100, clock = systemClock, signal }: AdvisoryLockOptions,
): Promise<void> {
  const deadline = clock.monotonic() + timeoutMs;
  while (!(await tryAdvisoryLock(connection, lockKey))) {
    const left = deadline - clock.monotonic();
    if (left <= 0) {
      throw new HoldfastError(
        'lock_timeout',
        `The lock "${key}" was not free within ${timeoutMs} ms: another session holds it. Try again when it has finished`,
        { retryAfter: 1 },
      );
    }
    await clock.sleep(Math.min(pollMs, left), signal);
  }
}

async function tryAdvisoryLock(db: Queryable, lockKey: string): Promise<boolean> {
  const { locked } = await db.one(
    sql<{ locked: boolean }>`select pg_try_advisory_lock(${lockKey}::bigint) as locked`,
  );
  return locked;
}

async function releaseAdvisoryLock(db: Queryable, lockKey: string): Promise<void> {
  await db.query(sql`select pg_advisory_unlock(${lockKey}::bigint)`);
}

async function settle<T>(work: () => Promise<T>): Promise<PromiseSettledResult<T>> {
  const [outcome] = await Promise.allSettled([work()]);
  return outcome;
}
