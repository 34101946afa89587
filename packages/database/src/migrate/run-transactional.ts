import type { Transaction } from '@holdfast/postgres';
import type { Statement } from '../sql-script/split-statements.ts';
import type { MigrationScript } from './migration.ts';
import { summary } from './parse-migration.ts';
import { retryOnLock } from './retry-on-lock.ts';
import { becomeOwner, type RunContext } from './run-context.ts';
import { failedStatement, findFailure } from './statement-failure.ts';
import { verifyIndexNotStale } from './verify-index.ts';

export interface TransactionalOptions {
  /** Runs first, in the same transaction. */
  readonly prepare?: () => Promise<void>;
  /** False when the session gives up soon already. */
  readonly shortLocks?: boolean;
}

/**
 * Runs a script and the ledger's change in one transaction: either both happened or neither did. Tried again while its locks
 * are taken. Errors carry the statement that failed.
 */
export async function runTransactional(
  context: RunContext,
  version: string,
  script: MigrationScript,
  changeLedger: (tx: Transaction) => Promise<void>,
  { prepare = async () => undefined, shortLocks = true }: TransactionalOptions = {},
): Promise<void> {
  const work = async (tx: Transaction): Promise<void> => {
    await prepare();
    for (const statement of script.statements) {
      reportStatement(context, version, statement);
      await runStatement(context, script.file, statement);
    }
    await becomeOwner(context);
    await changeLedger(tx);
  };
  await retryOnLock(context, script.file, () => inTransaction(context, script, work, shortLocks));
}

/** Runs one statement of a script in a transaction, and marks its error. */
export async function runStatement(context: RunContext, file: string, statement: Statement): Promise<void> {
  try {
    await context.connection.script(statement.text);
    await verifyIndexNotStale(context, statement);
  } catch (cause) {
    throw failedStatement({ file, statement, cause });
  }
}

/** A transaction that gives up soon when a table is in use, unless its script decides otherwise. */
export async function inTransaction(
  context: RunContext,
  script: Pick<MigrationScript, 'file'>,
  work: (tx: Transaction) => Promise<void>,
  shortLocks = true,
): Promise<void> {
  const { connection, ddlLockTimeoutMs } = context;
  try {
    await connection.transaction(
      async tx => {
        if (shortLocks) await connection.script(`set local lock_timeout = ${Math.round(ddlLockTimeoutMs)}`);
        await work(tx);
      },
      { retries: 0 },
    );
  } catch (cause) {
    // what no statement met was met by the commit: a deferred constraint, or a lost connection
    throw findFailure(cause) === undefined
      ? failedStatement({ file: script.file, statement: undefined, cause })
      : cause;
  }
}

export function reportStatement(context: RunContext, version: string, statement: Statement): void {
  context.report({
    kind: 'statement_started',
    version,
    statement: statement.index + 1,
    line: statement.line,
    summary: summary(statement),
  });
}
