import { errorMessage, HoldfastError } from '@holdfast/core';
import { type Place, placeInStatement } from '../sql-script/place.ts';
import type { Statement } from '../sql-script/split-statements.ts';
import type { LedgerFailure } from './ledger-row.ts';
import { serverError } from './server-error.ts';

/** A statement of a script that PostgreSQL refused, or a commit (`statement` undefined). */
export interface StatementFailure {
  readonly file: string;
  readonly statement: Statement | undefined;
  readonly cause: unknown;
  /** How many characters were sent before the statement. */
  readonly offset?: number;
}

class FailedStatement extends Error {
  readonly failure: StatementFailure;

  constructor(failure: StatementFailure) {
    super(errorMessage(failure.cause), { cause: failure.cause });
    this.failure = failure;
  }
}

/** Marks an error with the statement that met it. Its cause stays the server's error. */
export function failedStatement(failure: StatementFailure): Error {
  return new FailedStatement(failure);
}

/** The failure that an error was marked with, if any. */
export function findFailure(error: unknown): StatementFailure | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (current instanceof FailedStatement) return current.failure;
  }
  return undefined;
}

/** The place the server means, or else where the statement begins. */
export function failurePlace({ statement, cause, offset = 0 }: StatementFailure): Place | undefined {
  if (statement === undefined) return undefined;
  const { position } = serverError(cause) ?? {};
  if (position === undefined || position <= offset) return statement;
  return placeInStatement(statement.text, statement, position - offset);
}

/** An error with file, statement, line, column, what the server said, and `outcome`: what state that leaves. */
export function scriptFailed(
  code: 'migration_failed' | 'seed_failed',
  failure: StatementFailure,
  outcome: string,
): HoldfastError {
  const { file, statement, cause } = failure;
  const server = serverError(cause);
  const place = failurePlace(failure);
  const where =
    statement === undefined || place === undefined
      ? `${file} failed at its commit`
      : `${file} failed at statement ${statement.index + 1}, line ${place.line}, column ${place.column}`;
  const said = server === undefined ? errorMessage(cause) : `${server.message} (SQLSTATE ${server.code})`;
  const hint = server?.hint === undefined ? '' : ` Hint: ${server.hint}`;
  return new HoldfastError(code, `${where}: ${said}.${hint} ${outcome}`, {
    cause,
    details: {
      file,
      statement: statement === undefined ? null : statement.index + 1,
      line: place?.line ?? null,
      column: place?.column ?? null,
      sqlState: server?.code ?? null,
      constraint: server?.constraint ?? null,
      relation: server?.table ?? null,
    },
  });
}

/** What the ledger keeps of a failure. */
export function ledgerFailure(failure: StatementFailure, now: number, wasInterrupted = false): LedgerFailure {
  return {
    sqlState: serverError(failure.cause)?.code ?? null,
    statement: failure.statement === undefined ? null : failure.statement.index + 1,
    line: failurePlace(failure)?.line ?? null,
    at: new Date(now).toISOString(),
    ...(wasInterrupted ? { interrupted: true } : {}),
  };
}
