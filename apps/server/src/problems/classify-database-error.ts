import { type ErrorCode, HoldfastError } from '@holdfast/core';

/** What to make of an SQLSTATE or a class of them (PostgreSQL manual, appendix A). */
const BY_STATE: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  '23503': ['not_found', 'Something that the request refers to does not exist.'],
  '23505': ['conflict', 'Something with the same name or address exists.'],
  '23514': ['invalid_request', 'A value is not acceptable.'],
  '25006': ['database_unavailable', 'The database is read-only.'],
  '3D000': ['database_unavailable', 'The database does not exist.'],
  '3F000': ['schema_mismatch', 'A schema does not exist.'],
  '42501': ['schema_mismatch', 'A privilege is missing.'],
  '42703': ['schema_mismatch', 'A column does not exist.'],
  '42883': ['schema_mismatch', 'A function does not exist.'],
  '42P01': ['schema_mismatch', 'A table does not exist.'],
};

const BY_CLASS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  '22': ['invalid_request', 'A value cannot be stored.'],
  '40': ['database_unavailable', 'The database could not fit the change between others.'],
  '28': ['database_unavailable', 'The database refused the credentials.'],
  '53': ['database_unavailable', 'The database is out of resources.'],
  '54': ['invalid_request', 'A value is too large to be stored.'],
};

/** The meaning of an error that the database answered with, apart from those that say it is not available. */
export function classifyDatabaseError(state: string, cause: unknown): HoldfastError {
  const known = BY_STATE[state] ?? BY_CLASS[state.slice(0, 2)];
  if (known === undefined) return new HoldfastError('internal', `SQLSTATE ${state}`, { cause });
  return new HoldfastError(known[0], known[1], { cause });
}
