import type { Statement } from '../sql-script/split-statements.ts';
import { type StatementKind, statementKind } from '../sql-script/statement-kind.ts';
import {
  buildIndexConcurrently,
  dropIndexConcurrently,
  repeatStatement,
  type StepOutcome,
} from './build-index.ts';
import { cancellable, throwIfInterrupted } from './interruption.ts';
import { type StepProgress, updateProgress } from './ledger-queries.ts';
import { doneHash } from './ledger-row.ts';
import type { MigrationScript } from './migration.ts';
import { retryOnLock } from './retry-on-lock.ts';
import { becomeOwner, type RunContext, writeLedger } from './run-context.ts';
import { inTransaction, reportStatement, runStatement } from './run-transactional.ts';
import { failedStatement } from './statement-failure.ts';

/** Where a script is taken up. `next` counts from 0. */
export interface StepwiseStart {
  readonly next: number;
  /** The statement was begun before, outside of a transaction, and nobody knows how it ended. */
  readonly inDoubt: boolean;
}

interface Steps {
  readonly context: RunContext;
  readonly version: string;
  readonly script: MigrationScript;
}

/**
 * Runs a script statement by statement, from where it stopped. What can share a transaction with the ledger does, so that it is
 * known to have happened or not. Before any other statement the ledger says that it is in doubt, and after it that it is done.
 * The script's own transactions count as one step. Errors carry the statement that failed; the ledger says where to go on.
 */
export async function runStepwise(
  context: RunContext,
  version: string,
  script: MigrationScript,
  start: StepwiseStart,
): Promise<void> {
  const steps: Steps = { context, version, script };
  await replaySettings(steps, start.next);
  let open = false;
  for (const statement of script.statements.slice(start.next)) {
    if (!open) throwIfInterrupted(context);
    reportStatement(context, version, statement);
    const kind = statementKind(statement);
    if (open || kind === 'begin') {
      open = await runInOwnTransaction(steps, statement, kind);
    } else if (isBare(kind)) {
      await runBare(steps, statement, start.inDoubt && statement.index === start.next);
    } else {
      await runWithLedger(steps, statement);
    }
  }
}

/** Settings end with the session, so a resumed run sets them again. */
async function replaySettings({ context, script }: Steps, next: number): Promise<void> {
  for (const statement of script.statements.slice(0, next)) {
    if (statementKind(statement) === 'session') await context.connection.script(statement.text);
  }
}

function isBare(kind: StatementKind): boolean {
  return [
    'create_index_concurrently',
    'drop_index_concurrently',
    'repeatable',
    'opaque',
    'commit',
    'rollback',
  ].includes(kind);
}

async function runWithLedger(steps: Steps, statement: Statement): Promise<void> {
  const { context, version, script } = steps;
  const shortLocks = !setsLockTimeout(script.statements.slice(0, statement.index));
  await retryOnLock(context, script.file, () =>
    inTransaction(
      context,
      script,
      async tx => {
        await runStatement(context, script.file, statement);
        await becomeOwner(context);
        await updateProgress(tx, version, progressAfter(script, statement));
      },
      shortLocks,
    ),
  );
}

function setsLockTimeout(statements: readonly Statement[]): boolean {
  return statements.some(
    ({ words }) => words[0] === 'set' && words[1] !== 'local' && words.includes('lock_timeout'),
  );
}

/** Returns whether the script's transaction is still open. Until its commit the ledger points at its beginning. */
async function runInOwnTransaction(
  steps: Steps,
  statement: Statement,
  kind: StatementKind,
): Promise<boolean> {
  const { context, version, script } = steps;
  try {
    if (kind === 'commit') {
      await becomeOwner(context);
      await updateProgress(context.connection, version, progressAfter(script, statement));
    }
    await cancellable(context, () => runStatement(context, script.file, statement));
  } catch (error) {
    await context.connection.script('rollback').catch(() => undefined);
    throw error;
  }
  if (kind === 'rollback') await saveProgress(steps, progressAfter(script, statement));
  return kind !== 'commit' && kind !== 'rollback';
}

async function runBare(steps: Steps, statement: Statement, resumed: boolean): Promise<void> {
  const { context, version, script } = steps;
  const before = { nextStatement: statement.index, inDoubt: true };
  await saveProgress(steps, { ...before, doneHash: doneHash(script.statements, statement.index) });
  try {
    const outcome = await cancellable(context, () => runByKind(context, statement, resumed));
    if (outcome.kind === 'skipped') {
      context.report({
        kind: 'statement_skipped',
        version,
        statement: statement.index + 1,
        reason: outcome.reason,
      });
    }
  } catch (cause) {
    throw failedStatement({ file: script.file, statement, cause });
  }
  await saveProgress(steps, progressAfter(script, statement));
}

async function runByKind(context: RunContext, statement: Statement, resumed: boolean): Promise<StepOutcome> {
  switch (statementKind(statement)) {
    case 'create_index_concurrently':
      return buildIndexConcurrently(context, statement, resumed);
    case 'drop_index_concurrently':
      return dropIndexConcurrently(context, statement, resumed);
    default:
      return repeatStatement(context, statement, resumed);
  }
}

function progressAfter(script: MigrationScript, { index }: Statement): StepProgress {
  return { nextStatement: index + 1, inDoubt: false, doneHash: doneHash(script.statements, index + 1) };
}

async function saveProgress({ context, version }: Steps, progress: StepProgress): Promise<void> {
  await writeLedger(context, tx => updateProgress(tx, version, progress));
}
