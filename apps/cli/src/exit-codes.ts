import { type ErrorCode, isHoldfastError } from '@holdfast/core';

/**
 * 0 fine, 1 findings or refusal, 2 usage or configuration, 3 could not examine; 129, 130 and 143 interrupted by SIGHUP, Ctrl-C and
 * SIGTERM, as a shell says it.
 */
export type ExitCode = 0 | 1 | 2 | 3 | 129 | 130 | 143;

const USAGE: readonly ErrorCode[] = ['usage', 'configuration_invalid', 'keyring_invalid', 'backup_unknown'];
const NOT_EXAMINED: readonly ErrorCode[] = [
  'database_unavailable',
  'database_timeout',
  'pool_exhausted',
  'upstream_unavailable',
  'lock_timeout',
  'drift_unknown',
  'scratch_unavailable',
  'backup_destination_failed',
  'backup_not_possible',
  'gameday_failed',
  'openapi_unusable',
];

/** The exit code of a command that ended with this error. */
export function exitCodeOf(error: unknown): ExitCode {
  if (isHoldfastError(error, 'interrupted')) return exitCodeOfSignal(error.details?.signal);
  if (isHoldfastError(error, ...USAGE)) return 2;
  return isHoldfastError(error, ...NOT_EXAMINED) ? 3 : 1;
}

function exitCodeOfSignal(signal: unknown): ExitCode {
  if (signal === 'SIGTERM') return 143;
  return signal === 'SIGHUP' ? 129 : 130;
}
