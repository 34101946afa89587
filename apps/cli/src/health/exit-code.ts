import type { HealthReport } from '@holdfast/database/health';
import type { ExitCode } from '../exit-codes.ts';

/**
 * The exit code for monitoring: warnings count unless only what is critical is asked for. A database that cannot be reached was not
 * examined, although the report calls it critical.
 */
export function healthExitCode(
  { overall_status, connection }: HealthReport,
  criticalOnly: boolean,
): ExitCode {
  if (!connection.ok || overall_status === 'unknown') return 3;
  if (overall_status === 'ok' || (criticalOnly && overall_status === 'warn')) return 0;
  return 1;
}
