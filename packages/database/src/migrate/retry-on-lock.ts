import { fullJitter, HoldfastError } from '@holdfast/core';
import { type Queryable, sql, sqlState } from '@holdfast/postgres';
import { cancellable, throwIfInterrupted } from './interruption.ts';
import type { RunContext } from './run-context.ts';

const DELAY = { baseMs: 100, maxMs: 5_000 };
const LOCK_NOT_AVAILABLE = '55P03';
const DEADLOCK_DETECTED = '40P01';

/**
 * Runs work that is one transaction, and that an interruption cancels, again and again while it cannot get its locks, with pauses in which the others get
 * through. Throws `lock_timeout`, naming the sessions in the way, once `ddlLockWaitMs` have passed.
 */
export async function retryOnLock<T>(context: RunContext, file: string, work: () => Promise<T>): Promise<T> {
  const { clock, random, report, ddlLockWaitMs, signal } = context;
  const deadline = clock.monotonic() + ddlLockWaitMs;
  for (let attempt = 0; ; attempt++) {
    try {
      return await cancellable(context, work);
    } catch (error) {
      if (!isWaitingForLock(error)) throw error;
      if (clock.monotonic() >= deadline) throw await lockTimeout(context, file, error);
    }
    const delayMs = Math.round(fullJitter(attempt, { ...DELAY, random }));
    report({ kind: 'lock_retry', attempt: attempt + 1, delayMs });
    await clock.sleep(delayMs, signal).catch(() => throwIfInterrupted(context));
  }
}

/** Whether an error says that a lock was not to be had. */
export function isWaitingForLock(error: unknown): boolean {
  return [LOCK_NOT_AVAILABLE, DEADLOCK_DETECTED].includes(sqlState(error) ?? '');
}

interface Blocker {
  readonly pid: number;
  readonly application: string;
  readonly state: string | null;
  readonly seconds: number;
}

/** Other sessions whose transaction holds tables, the oldest first. */
function listBlockers(db: Queryable): Promise<Blocker[]> {
  return db.many(sql<Blocker>`
    select activity.pid, activity.application_name as application, activity.state,
      extract(epoch from clock_timestamp() - activity.xact_start)::int as seconds
    from pg_stat_activity as activity
    where activity.datname = current_database() and activity.pid <> pg_backend_pid()
      and activity.xact_start is not null
      and exists (
        select from pg_locks as held
        where held.pid = activity.pid and held.granted and held.locktype = 'relation' and held.relation >= 16384
      )
    order by activity.xact_start
    limit 5
  `);
}

async function lockTimeout(context: RunContext, file: string, cause: unknown): Promise<HoldfastError> {
  const blockers = await listBlockers(context.connection);
  const named = blockers.map(
    ({ pid, application, state, seconds }) => `pid ${pid} (${application}, ${state}, for ${seconds} s)`,
  );
  const who = named.length === 0 ? 'Nobody holds them any more.' : `In the way: ${named.join(', ')}.`;
  const message = `${file}: its tables were in use for ${context.ddlLockWaitMs} ms. ${who} Nothing was changed by this; try again when they have finished`;
  return new HoldfastError('lock_timeout', message, { cause, retryAfter: 1, details: { blockers } });
}
