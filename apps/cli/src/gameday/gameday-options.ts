import { createRandom, HoldfastError } from '@holdfast/core';
import type { OptionDefinitions, OptionValues } from '../command.ts';
import type { Damage } from './damage/damage.ts';
import { DAMAGES } from './damage/damages.ts';

export const GAMEDAY_OPTIONS = {
  fresh: {
    type: 'boolean',
    description: 'play on a new, empty system (default when the state directory has no database)',
  },
  users: { type: 'string', value: 'N', description: 'how many users work meanwhile (default 200)' },
  damage: {
    type: 'string',
    value: 'NAME,…',
    multiple: true,
    description: `what is broken, in this order: ${DAMAGES.map(({ name }) => name).join(', ')}; or any (one, by the seed). Default: all`,
  },
  seed: { type: 'string', value: 'N', description: 'of the choices that users make (default 1)' },
  work: {
    type: 'string',
    value: 'SECONDS',
    description: 'how long users work before the backup, then before the damage, then after it (default 5)',
  },
  'backup-only': {
    type: 'boolean',
    description: 'restore the backup alone, as if the WAL archive were lost: what came after it is gone',
  },
  'backup-age': {
    type: 'string',
    value: 'DURATION',
    description:
      'with --backup-only: how old the backup is when it is needed, such as 1h; users work on meanwhile',
  },
  place: {
    type: 'string',
    value: 'DIR',
    description: 'where the copy is made (default: the temporary directory)',
  },
  keep: { type: 'boolean', description: 'leave the copy there, stopped' },
} as const satisfies OptionDefinitions;

export type GamedayOptionValues = OptionValues<typeof GAMEDAY_OPTIONS>;

/** What is to be played. */
export interface GamedayPlan {
  readonly users: number;
  readonly seed: number;
  readonly workMs: number;
  readonly damages: readonly Damage[];
  readonly backupOnly: boolean;
  /** How long users work on after the backup, at least. */
  readonly backupAgeMs: number;
}

const MOST_USERS = 100_000;
const MOST_SECONDS = 3_600;

/** Throws `usage` for anything that cannot be played. */
export function readPlan(options: GamedayOptionValues): GamedayPlan {
  const seed = numberOf('seed', options.seed ?? '1', 0, 2 ** 32 - 1);
  const backupOnly = options['backup-only'] === true;
  if (options['backup-age'] !== undefined && !backupOnly)
    throw usage('--backup-age goes together with --backup-only.');
  return {
    users: numberOf('users', options.users ?? '200', 1, MOST_USERS),
    seed,
    workMs: numberOf('work', options.work ?? '5', 1, MOST_SECONDS) * 1_000,
    damages: chooseDamages(options.damage, seed),
    backupOnly,
    backupAgeMs: options['backup-age'] === undefined ? 0 : durationOf(options['backup-age']),
  };
}

function chooseDamages(text: string | undefined, seed: number): readonly Damage[] {
  if (text === undefined) return DAMAGES;
  if (text === 'any') return createRandom(seed).shuffle(DAMAGES).slice(0, 1);
  return text.split(',').map(name => {
    const found = DAMAGES.find(damage => damage.name === name.trim());
    if (found !== undefined) return found;
    const names = DAMAGES.map(damage => damage.name).join(', ');
    throw usage(`--damage is any, or some of ${names}, not "${name}".`);
  });
}

function numberOf(option: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isInteger(number) && number >= least && number <= most) return number;
  throw usage(`--${option} must be a whole number from ${least} to ${most}, not "${text}".`);
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function durationOf(text: string): number {
  const [, number, unit] = /^(\d{1,4})([smhd])$/.exec(text.trim()) ?? [];
  const ms = Number(number) * (UNITS[unit ?? ''] ?? Number.NaN);
  if (ms > 0) return ms;
  throw usage(`--backup-age must be a duration such as 30m or 1h, not "${text}".`);
}

function usage(message: string): HoldfastError {
  return new HoldfastError('usage', message);
}
