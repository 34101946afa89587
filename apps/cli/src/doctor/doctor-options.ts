import { HoldfastError, parseDuration } from '@holdfast/core';
import type { CommandContext, OptionDefinitions } from '../command.ts';
import { REPORT_OPTIONS } from '../report/report-options.ts';
import { FIX_OPTIONS } from './fix/fix-options.ts';

/** The options of `holdfast doctor`. */
export const DOCTOR_OPTIONS = {
  config: {
    type: 'string',
    value: 'FILE',
    description: 'examine the system that FILE describes (default: holdfast.config.ts, when there is one)',
  },
  init: {
    type: 'boolean',
    description: 'write a first holdfast.config.ts by looking around; examine nothing',
  },
  'api-url': { type: 'string', value: 'URL', description: 'the API to examine (also HOLDFAST_API_URL)' },
  'keeper-url': { type: 'string', value: 'URL', description: 'the keeper or proxy in front of it' },
  timeout: {
    type: 'string',
    value: 'DURATION',
    description: 'the time for everything together, such as 30s (default 8s)',
  },
  frontend: { type: 'string', value: 'DIR', description: 'also read the sources of this frontend' },
  openapi: {
    type: 'string',
    value: 'FILE|URL',
    description: "what its calls are compared with; holdfast for Holdfast's own API",
  },
  ...FIX_OPTIONS,
  ...REPORT_OPTIONS,
} as const satisfies OptionDefinitions;

export type DoctorContext = CommandContext<typeof DOCTOR_OPTIONS>;

const MOST_MS = 3_600_000;

/** The time for an examination in milliseconds; undefined where none is named. */
export function timeoutOf({ timeout }: DoctorContext['options']): number | undefined {
  if (timeout === undefined) return undefined;
  const value = parseDuration(timeout);
  if (value !== undefined && value > 0 && value <= MOST_MS) return value;
  throw new HoldfastError('usage', `--timeout ${timeout} is no duration up to an hour: write 30s or 2m.`);
}
