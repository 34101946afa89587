import { type Clock, fullJitter, HoldfastError } from '@holdfast/core';
import { sql, sqlState, type Transaction } from '@holdfast/postgres';
import { tableText } from './relation.ts';
import type { PlannedTable } from './table-plan.ts';

export interface LockOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** The longest time to try in all, in milliseconds. */
  readonly waitMs: number;
}

const LOCK_NOT_AVAILABLE = '55P03';
/** Just over deadlock_timeout, after which a vacuum gives way; whoever writes waits for no longer than this. */
const TRY_MS = 1_500;
const PAUSE = { baseMs: 100, maxMs: 3_000 };

/**
 * Keeps others from writing the tables until the end of the transaction; they may read. What was done in the transaction before
 * survives failed attempts. Throws `lock_timeout`.
 */
export async function lockTables(
  tx: Transaction,
  tables: readonly PlannedTable[],
  { clock, random, waitMs }: LockOptions,
): Promise<void> {
  const list = tables
    .toSorted((one, other) => Number(one.relation.oid) - Number(other.relation.oid))
    .map(({ relation }) => sql.id(relation.schema, relation.name));
  if (list.length === 0) return;
  const deadline = clock.monotonic() + waitMs;
  await tx.query(sql`select pg_catalog.set_config('lock_timeout', ${String(TRY_MS)}, true)`);
  for (let attempt = 0; ; attempt += 1) {
    await tx.execute(sql`savepoint holdfast_lock`);
    try {
      await tx.execute(sql`lock table ${sql.join(list)} in share row exclusive mode`);
      break;
    } catch (cause) {
      if (sqlState(cause) !== LOCK_NOT_AVAILABLE) throw cause;
      await tx.execute(sql`rollback to savepoint holdfast_lock`);
      if (clock.monotonic() >= deadline) throw lockTimeout(tables, waitMs, cause);
      await clock.sleep(fullJitter(attempt, { ...PAUSE, random }));
    }
  }
  await tx.execute(sql`release savepoint holdfast_lock`);
}

function lockTimeout(tables: readonly PlannedTable[], waitMs: number, cause: unknown): HoldfastError {
  const list = tables.map(({ relation }) => tableText(relation)).join(', ');
  return new HoldfastError(
    'lock_timeout',
    `The tables were in use for ${waitMs} ms: ${list}. Nothing was changed; try again when long transactions have ended`,
    { cause, retryAfter: 5 },
  );
}
