import { type ErrorCode, isHoldfastError } from '@holdfast/core';

/** 0 fine, 1 findings or refusal, 2 usage or configuration, 3 could not examine. */
export type ExitCode = 0 | 1 | 2 | 3;

const USAGE: readonly ErrorCode[] = ['usage', 'configuration_invalid', 'keyring_invalid'];
const NOT_EXAMINED: readonly ErrorCode[] = [
  'database_unavailable',
  'database_timeout',
  'pool_exhausted',
  'upstream_unavailable',
  'lock_timeout',
  'drift_unknown',
  'scratch_unavailable',
];

/** The exit code of a command that ended with this error. */
export function exitCodeOf(error: unknown): ExitCode {
  if (isHoldfastError(error, ...USAGE)) return 2;
  return isHoldfastError(error, ...NOT_EXAMINED) ? 3 : 1;
}
