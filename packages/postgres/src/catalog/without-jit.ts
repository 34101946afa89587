import { type Connection, isTransaction, type Queryable, type RunTransaction } from '../queryable.ts';
import { sql } from '../sql.ts';

/**
 * Runs work with just-in-time compilation switched off. A statement of many parts over system catalogs looks costly to the
 * planner, and compiling all of it takes ten times as long as running it (PostgreSQL manual, "When to JIT?").
 *
 * A session, or a transaction of one, keeps its own setting; of a pool one connection is taken for the work.
 */
export async function withoutJit<T>(db: Queryable, work: (db: Queryable) => Promise<T>): Promise<T> {
  if (isTransaction(db) || isSession(db)) return switchedOff(db, work);
  if (canLend(db)) return db.transaction(tx => switchedOff(tx, work), { readOnly: true });
  return work(db);
}

async function switchedOff<T>(db: Queryable, work: (db: Queryable) => Promise<T>): Promise<T> {
  const { before } = await db.one(sql<{ before: string }>`
    select pg_catalog.current_setting('jit') as before, pg_catalog.set_config('jit', 'off', false)`);
  const restore = () => db.query(sql`select pg_catalog.set_config('jit', ${before}, false)`);
  try {
    const result = await work(db);
    await restore();
    return result;
  } catch (error) {
    // within a transaction that failed there is nothing to restore: the rollback does that
    await restore().catch(() => undefined);
    throw error;
  }
}

function isSession(db: Queryable): db is Connection {
  return 'script' in db;
}

function canLend(db: Queryable): db is Queryable & { readonly transaction: RunTransaction } {
  return 'transaction' in db;
}
