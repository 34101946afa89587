import { errorMessage, HoldfastError } from '@holdfast/core';
import { sql, sqlState, type Transaction } from '@holdfast/postgres';
import { catalogText } from './catalog-text.ts';

const FOREIGN_KEY_VIOLATION = '23503';

/** Runs statements of a recreation. Throws `restore_refused` with the one that the server would not take. */
export async function runStatements(tx: Transaction, statements: readonly string[]): Promise<void> {
  await tx.query(sql`select pg_catalog.set_config('check_function_bodies', 'off', true)`);
  for (const statement of statements) {
    try {
      await tx.execute(catalogText(statement));
    } catch (cause) {
      throw refused(statement, cause);
    }
  }
}

/**
 * The same for what comes after the rows. A foreign key of another table whose rows have lost their parents stays as NOT VALID:
 * it holds for new rows, and the old ones are named.
 * @returns what was found
 */
export async function runLateStatements(tx: Transaction, statements: readonly string[]): Promise<string[]> {
  const notes: string[] = [];
  for (const statement of statements) {
    await tx.execute(sql`savepoint holdfast_step`);
    try {
      await tx.execute(catalogText(statement));
    } catch (cause) {
      const [, table, name] = /^alter table (.+?) validate constraint (.+)$/.exec(statement) ?? [];
      if (table === undefined || sqlState(cause) !== FOREIGN_KEY_VIOLATION) throw refused(statement, cause);
      await tx.execute(sql`rollback to savepoint holdfast_step`);
      notes.push(
        `${table} has rows whose parent did not come back either; its foreign key ${name} holds for new rows only (NOT VALID) until they are mended: ${errorMessage(cause)}`,
      );
    }
    await tx.execute(sql`release savepoint holdfast_step`);
  }
  return notes;
}

function refused(statement: string, cause: unknown): HoldfastError {
  return new HoldfastError(
    'restore_refused',
    `A dropped table cannot be made again as it was: ${errorMessage(cause)}. Nothing was changed. The statement was: ${statement}`,
    { cause },
  );
}
