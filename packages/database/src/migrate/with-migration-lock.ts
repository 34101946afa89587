import { HoldfastError, isHoldfastError } from '@holdfast/core';
import { withAdvisoryLock } from '@holdfast/postgres';
import { explainUnwritable } from './explain-rights.ts';
import { interrupted } from './interruption.ts';
import type { RunContext } from './run-context.ts';

/** One runner at a time in a database; the server releases the lock when the session ends, however it ends. */
export const MIGRATION_LOCK = 'holdfast:migrations';

/** Runs work as the only runner. Throws `migration_busy` when another one did not finish within `lockWaitMs`. */
export async function withMigrationLock<T>(context: RunContext, work: () => Promise<T>): Promise<T> {
  const { connection, clock, lockWaitMs, signal } = context;
  let acquired = false;
  try {
    return await withAdvisoryLock(
      connection,
      MIGRATION_LOCK,
      { timeoutMs: lockWaitMs, clock, signal },
      async () => {
        acquired = true;
        const result = await work();
        await connection.script('reset all; reset role');
        return result;
      },
    );
  } catch (cause) {
    if (!acquired && signal?.aborted === true) {
      throw interrupted('It was waiting for another runner to finish; nothing was done.', { cause });
    }
    if (acquired || !isHoldfastError(cause, 'lock_timeout')) throw await explainUnwritable(connection, cause);
    const message = `Another runner has been migrating this database for ${lockWaitMs} ms. Nothing was done; run again when it has finished`;
    throw new HoldfastError('migration_busy', message, { cause, retryAfter: 1 });
  }
}
