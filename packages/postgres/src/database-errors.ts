import { type ErrorCode, errorMessage, HoldfastError, isHoldfastError } from '@holdfast/core';
import { DatabaseError } from 'pg';

/** The SQLSTATE of an error or of the first of its causes that has one (PostgreSQL manual, appendix A). */
export function sqlState(error: unknown): string | undefined {
  return databaseError(error)?.code;
}

/** Whether an error is a violated unique constraint or unique index, optionally the one of that name. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  const found = databaseError(error);
  return found?.code === '23505' && (constraint === undefined || found.constraint === constraint);
}

/** The server's own error in a chain of causes. */
export function databaseError(error: unknown): DatabaseError | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (current instanceof DatabaseError) return current;
  }
  return undefined;
}

const UNAVAILABLE_STATES: ReadonlySet<string> = new Set([
  '53300', // too_many_connections
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '57P04', // database_dropped
  '57P05', // idle_session_timeout
]);
const TIMEOUT_STATES: ReadonlySet<string> = new Set([
  '25P03', // idle_in_transaction_session_timeout
  '25P04', // transaction_timeout
  '55P03', // lock_not_available
  '57014', // query_canceled: statement_timeout
]);
/** These two end the session, the other timeouts only the statement. */
const SESSION_ENDING_TIMEOUTS: ReadonlySet<string> = new Set(['25P03', '25P04']);
const UNAVAILABLE_ERRNOS: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'ENOENT', // the socket file of a server that is not there
]);
/** The driver gives these no code. */
const UNAVAILABLE_MESSAGE =
  /^(Connection terminated|The server does not support SSL|There was an error establishing an SSL connection)/;
const NEVER_SENT_MESSAGE = /^Client (has encountered a connection error|was closed) and is not queryable/;
const TIMEOUT_MESSAGE =
  /^(timeout expired|timeout exceeded|Connection terminated due to connection timeout|Query read timeout)/;

const TROUBLE_CODES = [
  'database_unavailable',
  'database_timeout',
  'pool_exhausted',
  'commit_unknown',
] as const;

/**
 * The HoldfastError for an error that says something about the database's availability and nothing about the statement:
 * `database_unavailable` or `database_timeout`, with `retryAfter` 1 and the error as its cause. One that already is such
 * an error is returned as it is. Undefined for everything else.
 */
export function databaseTrouble(error: unknown): HoldfastError | undefined {
  if (isHoldfastError(error, ...TROUBLE_CODES)) return error;
  if (isHoldfastError(error)) return undefined;
  if (isTimeout(error)) {
    return trouble('database_timeout', `The database did not answer in time: ${errorMessage(error)}`, error);
  }
  if (isUnavailable(error)) return unavailable(error);
  return undefined;
}

export function unavailable(cause: unknown): HoldfastError {
  return trouble('database_unavailable', `The database is not available: ${errorMessage(cause)}`, cause);
}

export function trouble(code: ErrorCode, message: string, cause?: unknown): HoldfastError {
  return new HoldfastError(code, message, { cause, retryAfter: 1 });
}

function isTimeout(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return TIMEOUT_STATES.has(state);
  return errno(error) === 'ETIMEDOUT' || (error instanceof Error && TIMEOUT_MESSAGE.test(error.message));
}

function isUnavailable(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return state.startsWith('08') || UNAVAILABLE_STATES.has(state);
  if (UNAVAILABLE_ERRNOS.has(errno(error) ?? '')) return true;
  return error instanceof Error && (UNAVAILABLE_MESSAGE.test(error.message) || wasNeverSent(error));
}

function errno(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}

/** Whether a failed attempt to connect may succeed moments later: the server is down, starting, or full. */
export function isTransientConnectError(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return isUnavailable(error);
  return isUnavailable(error) && errno(error) !== 'ENOTFOUND';
}

/** Whether a statement failed because the driver knew that the connection was lost, and so did not send it. */
export function wasNeverSent(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return NEVER_SENT_MESSAGE.test(error.message) || wasNeverSent(error.cause);
}

/** Whether the same connection can go on after this error: only an ordinary error response leaves it in a known state. */
export function leavesConnectionUsable(error: unknown): boolean {
  const found = databaseError(error);
  if (found === undefined || isStalePlan(found)) return false;
  return !isUnavailable(found) && !SESSION_ENDING_TIMEOUTS.has(found.code ?? '');
}

/**
 * Whether a prepared statement no longer fits the schema, or is gone: nothing was executed, and a fresh connection
 * prepares it anew. Happens once per connection after a migration.
 */
export function isStalePlan(error: unknown): boolean {
  const found = databaseError(error);
  return found?.code === '26000' || (found?.code === '0A000' && found.routine === 'RevalidateCachedQuery');
}
