import { type ErrorCode, HoldfastError, isHoldfastError } from '@holdfast/core';
import { databaseTrouble, sqlState } from '@holdfast/postgres';
import type { FastifyError } from 'fastify';
import { classifyDatabaseError } from './classify-database-error.ts';
import { validationFailed } from './validation-failed.ts';

/**
 * What anything thrown while answering a request means to the caller. Whatever is not known to be the caller's doing or
 * the database's absence is `internal`. The error itself stays the cause, for the log.
 */
export function classifyError(error: unknown): HoldfastError {
  if (isHoldfastError(error)) return error;
  if (isFrameworkError(error)) return classifyFrameworkError(error);
  const trouble = databaseTrouble(error);
  if (trouble !== undefined) return trouble;
  const state = sqlState(error);
  if (state !== undefined) return classifyDatabaseError(state, error);
  return new HoldfastError('internal', 'An error that nobody foresaw.', { cause: error });
}

function isFrameworkError(error: unknown): error is FastifyError {
  if (!(error instanceof Error)) return false;
  const { code, statusCode, validation } = error as Partial<FastifyError>;
  return validation !== undefined || code?.startsWith('FST_') === true || isClientStatus(statusCode);
}

function isClientStatus(status: number | undefined): boolean {
  return status !== undefined && status >= 400 && status < 500;
}

function classifyFrameworkError(error: FastifyError): HoldfastError {
  if (error.validation !== undefined) return validationFailed(error);
  const known = FRAMEWORK_CODES[error.code] ?? (error.statusCode === 404 ? NOT_FOUND : undefined);
  if (known !== undefined) return new HoldfastError(known[0], known[1], { cause: error });
  if (isClientStatus(error.statusCode)) {
    return new HoldfastError('invalid_request', 'The request could not be read.', { cause: error });
  }
  return new HoldfastError('internal', 'The framework failed.', { cause: error });
}

const NOT_JSON = ['invalid_json', 'The body is not JSON. Check quotes, commas and braces.'] as const;
const NOT_FOUND = ['not_found', 'There is nothing at this path.'] as const;
const MEDIA_TYPE = 'This operation does not take a body of this Content-Type.';

const FRAMEWORK_CODES: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  FST_ERR_CTP_EMPTY_JSON_BODY: NOT_JSON,
  FST_ERR_CTP_INVALID_JSON_BODY: NOT_JSON,
  FST_ERR_CTP_BODY_TOO_LARGE: ['payload_too_large', 'The body is larger than this operation takes.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type', MEDIA_TYPE],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['invalid_request', 'The body is not as long as Content-Length says.'],
  FST_ERR_BAD_URL: ['invalid_request', 'The path holds a percent sign that encodes nothing.'],
};
