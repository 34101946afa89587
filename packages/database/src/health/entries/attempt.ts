import { errorMessage, isHoldfastError } from '@holdfast/core';
import { isTransaction, type Queryable, type SqlQuery, sql, sqlState } from '@holdfast/postgres';

export type Attempt<Row> =
  | { readonly ok: true; readonly rows: readonly Row[] }
  | { readonly ok: false; readonly why: string; readonly sqlState: string | undefined };

const CANCELLED = '57014';

/**
 * Runs a statement that may well fail, and gives the refusal as data. Within a transaction it stands behind a savepoint, so that
 * what comes after it still runs. Throws only when the connection is lost.
 */
export async function attempt<Row>(db: Queryable, query: SqlQuery<Row>): Promise<Attempt<Row>> {
  const guarded = isTransaction(db);
  if (guarded) await db.execute(sql`savepoint health_attempt`);
  try {
    const rows = await db.many(query);
    if (guarded) await db.execute(sql`release savepoint health_attempt`);
    return { ok: true, rows };
  } catch (error) {
    if (isHoldfastError(error, 'database_unavailable')) throw error;
    if (guarded) await db.execute(sql`rollback to savepoint health_attempt`);
    const state = sqlState(error);
    const why = state === CANCELLED ? 'it took longer than one statement may' : serverMessage(error);
    return { ok: false, why, sqlState: state };
  }
}

/** What the server said, without our words around it. */
function serverMessage(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return errorMessage(cause ?? error);
}
