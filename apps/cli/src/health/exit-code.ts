import type { HealthReport } from '@holdfast/database/health';
import type { ExitCode } from '../exit-codes.ts';

/** The exit code for monitoring: warnings count unless only what is critical is asked for. */
export function healthExitCode({ overall_status }: HealthReport, criticalOnly: boolean): ExitCode {
  if (overall_status === 'unknown') return 3;
  if (overall_status === 'ok' || (criticalOnly && overall_status === 'warn')) return 0;
  return 1;
}
