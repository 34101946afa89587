import { errorMessage, HoldfastError, isHoldfastError } from '@holdfast/core';
import { statementKind } from '../sql-script/statement-kind.ts';
import { findFailure, type StatementFailure, scriptFailed } from './statement-failure.ts';

/**
 * The error to throw for one that came out of a script: `migration_failed` with `outcome`, what state that leaves. An outage, a
 * lock that was not to be had and errors of no statement stay what they are.
 */
export function explainFailure(error: unknown, outcome: string): unknown {
  const failure = failureToRecord(error);
  return failure === undefined
    ? (outageBehind(error) ?? error)
    : scriptFailed('migration_failed', failure, outcome);
}

/** What a failure in a scratch database leaves. */
export const SCRATCH_OUTCOME =
  'That was in a scratch database, which is gone; nothing happened to the one in use. Correct the file.';

/**
 * The error for a run whose session the server, or the way to it, has ended: the outage with where it stood and what to type.
 * Anything else stays what it is.
 */
export function explainOutage(
  error: unknown,
  {
    file,
    verb,
    commandLine,
  }: { readonly file: string; readonly verb: 'up' | 'down'; readonly commandLine: (verb: string) => string },
): unknown {
  const outage = outageBehind(error);
  if (!isHoldfastError(outage, 'database_unavailable')) return outage ?? error;
  const message = `The session was lost while ${file} was being run: ${errorMessage(outage)}. The ledger says how far it got: ${commandLine('migrate status')}. To go on: ${commandLine(`migrate ${verb}`)}`;
  return new HoldfastError('database_unavailable', message, { cause: error, details: { file } });
}

/** The failed statement behind an error, when the script is to blame. */
export function failureToRecord(error: unknown): StatementFailure | undefined {
  if (outageBehind(error) !== undefined || isHoldfastError(error)) return undefined;
  return findFailure(error);
}

/** The outage that caused an error, if any. */
export function outageBehind(error: unknown): unknown {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (isHoldfastError(current, 'database_unavailable', 'commit_unknown')) return current;
  }
  return undefined;
}

/** What a stepwise script leaves when a statement of it fails, and what to do. */
export function stepwiseOutcome({ statement }: StatementFailure): string {
  if (statement === undefined) return 'Run again to go on.';
  const number = statement.index + 1;
  const before = number === 1 ? '' : 'The statements before it are done. ';
  return `${before}${whatIsLeft(statement)} Correct the file from statement ${number} on and run again.`;
}

/** What a statement of a stepwise script leaves that was broken off. */
export function whatIsLeft(statement: NonNullable<StatementFailure['statement']>): string {
  switch (statementKind(statement)) {
    case 'create_index_concurrently':
      return 'An invalid index may be left; the next run drops it and builds it anew.';
    case 'opaque':
      return `Statement ${statement.index + 1} may have taken effect in part: look at the database.`;
    default:
      return 'It left nothing behind.';
  }
}
