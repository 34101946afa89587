import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { errorMessage, HoldfastError, suggest } from '@holdfast/core';
import {
  assertThresholds,
  CATALOGUE,
  type HealthEntry,
  mergeThresholds,
  parseThresholdFile,
  parseThresholds,
  selectEntries,
  type ThresholdOverrides,
} from '@holdfast/database/health';
import type { OptionDefinitions, OptionValues } from '../command.ts';
import type { Configuration, Environment } from '../env.ts';
import type { ExitCode } from '../exit-codes.ts';
import { namesIn } from '../names-in.ts';

/** The options of both health commands. */
export const HEALTH_OPTIONS = {
  only: { type: 'string', value: 'ID,…', description: 'only these entries, by id or number' },
  list: { type: 'boolean', description: 'list the entries with their thresholds; examines nothing' },
  threshold: {
    type: 'string',
    value: 'ID.NAME=N,…',
    description: 'limits instead of the defaults, such as connections.warnPercent=60',
  },
  thresholds: {
    type: 'string',
    value: 'FILE',
    description: 'limits from a JSON file (also HOLDFAST_HEALTH_THRESHOLDS)',
  },
  budget: { type: 'string', value: 'SECONDS', description: 'the time for everything together (default 10)' },
  full: { type: 'boolean', description: 'each entry takes the time it needs, and looks at everything' },
  migrations: { type: 'string', value: 'DIR', description: 'the migrations that the database should have' },
  schema: {
    type: 'string',
    value: 'NAME,…',
    description: "look at these schemas alone (default: all but PostgreSQL's)",
  },
  watch: { type: 'boolean', description: 'again every 10 seconds, or as many as follow, until Ctrl-C' },
  count: { type: 'string', value: 'N', description: 'with --watch: end after so many times' },
  'critical-only': { type: 'boolean', description: 'exit status 1 for critical alone, 0 for warnings' },
  'api-url': { type: 'string', value: 'URL', description: 'the API to look at (also HOLDFAST_API_URL)' },
} as const satisfies OptionDefinitions;

export const HEALTH_EXIT_STATUS: readonly (readonly [ExitCode, string])[] = [
  [0, 'nothing is wrong'],
  [1, 'there is a warning or something critical, or the API or the keeper does not answer'],
  [2, 'a setting, an option or a threshold is wrong'],
  [3, 'the database cannot be reached, or there was nothing to examine'],
];

/** What the options ask for. */
export interface HealthRequest {
  readonly entries: readonly HealthEntry[];
  readonly thresholds: ThresholdOverrides;
  readonly schemas: readonly string[] | undefined;
  readonly budgetMs: number;
  readonly full: boolean;
  readonly migrationsDirectory: string | undefined;
  /** Undefined for a single look. */
  readonly watch: { readonly intervalMs: number; readonly count: number } | undefined;
  readonly criticalOnly: boolean;
}

const DEFAULT_INTERVAL_SECONDS = 10;
const DEFAULT_BUDGET_SECONDS = 10;

/**
 * Checks everything before anything is examined.
 * @throws HoldfastError `usage`, or `configuration_invalid` for a file of thresholds.
 */
export function readHealthRequest(
  options: OptionValues<typeof HEALTH_OPTIONS>,
  positionals: readonly string[],
  { settings }: Configuration,
  { cwd }: Environment,
): HealthRequest {
  const file = options.thresholds ?? settings.healthThresholds;
  const thresholds = mergeThresholds([
    ...(file === undefined ? [] : [readThresholdFile(resolve(cwd, file))]),
    ...(options.threshold === undefined ? [] : [parseThresholds(options.threshold)]),
  ]);
  assertThresholds(CATALOGUE, thresholds, suggest);
  if (options.full === true && options.budget !== undefined) {
    throw new HoldfastError('usage', '--full takes the time it needs; it does not go together with --budget');
  }
  const only = options.only === undefined ? undefined : namesIn('--only', options.only);
  return {
    entries: only === undefined ? CATALOGUE : selectEntries(CATALOGUE, only, suggest),
    thresholds,
    schemas: options.schema === undefined ? undefined : namesIn('--schema', options.schema),
    budgetMs: secondsOf('--budget', options.budget ?? String(DEFAULT_BUDGET_SECONDS), 0.1, 3_600) * 1_000,
    full: options.full === true,
    migrationsDirectory:
      options.migrations === undefined ? undefined : existingDirectory(resolve(cwd, options.migrations)),
    watch: readWatch(options, positionals),
    criticalOnly: options['critical-only'] === true,
  };
}

function readWatch(
  options: OptionValues<typeof HEALTH_OPTIONS>,
  [interval]: readonly string[],
): HealthRequest['watch'] {
  if (options.watch !== true) {
    if (interval !== undefined) throw new HoldfastError('usage', `unexpected argument "${interval}"`);
    if (options.count !== undefined) throw new HoldfastError('usage', '--count goes together with --watch');
    return undefined;
  }
  const seconds = secondsOf('--watch', interval ?? String(DEFAULT_INTERVAL_SECONDS), 1, 86_400);
  const count = options.count === undefined ? Number.POSITIVE_INFINITY : Number(options.count);
  if (!(count >= 1) || (Number.isFinite(count) && !Number.isInteger(count))) {
    throw new HoldfastError('usage', `--count must be a whole number from 1, not "${options.count}"`);
  }
  return { intervalMs: seconds * 1_000, count };
}

function secondsOf(option: string, text: string, least: number, most: number): number {
  const seconds = Number(text);
  if (text.trim() !== '' && seconds >= least && seconds <= most) return seconds;
  throw new HoldfastError('usage', `${option} must be from ${least} to ${most} seconds, not "${text}"`);
}

function existingDirectory(path: string): string {
  try {
    readdirSync(path);
    return path;
  } catch (cause) {
    const message = `The migrations directory ${path} cannot be read: ${errorMessage(cause)}.`;
    throw new HoldfastError('usage', message, { cause });
  }
}

function readThresholdFile(path: string): ThresholdOverrides {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const message = `The thresholds cannot be read: ${errorMessage(cause)}`;
    throw new HoldfastError('configuration_invalid', message, { cause });
  }
  return parseThresholdFile(text, path);
}
