import type { CommandContext, OptionDefinitions } from '../command.ts';
import type { ExitCode } from '../exit-codes.ts';

/** Where backups are and how they are read; every verb takes them. */
export const PLACE_OPTIONS = {
  destination: {
    type: 'string',
    value: 'PLACE',
    multiple: true,
    description: 'a directory or s3:// URL instead of HOLDFAST_BACKUPS; may be given again',
  },
  identity: {
    type: 'string',
    value: 'FILE',
    description: 'the identity file that decrypts, instead of HOLDFAST_BACKUP_IDENTITY',
  },
  'no-seal': {
    type: 'boolean',
    description: 'do not ask for the seal of this state directory: for backups that were made elsewhere',
  },
} as const satisfies OptionDefinitions;

export const VERIFY_OPTIONS = {
  all: { type: 'boolean', description: 'verify, copy: every backup' },
  level: {
    type: 'string',
    value: 'LEVEL',
    description: 'verify: files (hashes, the default) or decode (as a restore reads them)',
  },
} as const satisfies OptionDefinitions;

export const DRILL_OPTIONS = {
  jobs: { type: 'string', value: 'N', description: 'how many things are done at once (default 2)' },
} as const satisfies OptionDefinitions;

export const PRUNE_OPTIONS = {
  'keep-last': { type: 'string', value: 'N', description: 'prune: keep so many of the newest' },
  'keep-within': { type: 'string', value: 'TIME', description: 'prune: keep what is younger, such as 30d' },
  'keep-daily': { type: 'string', value: 'N', description: 'prune: keep the newest of each of so many days' },
  'keep-weekly': { type: 'string', value: 'N', description: 'prune: the same of weeks' },
  'keep-monthly': { type: 'string', value: 'N', description: 'prune: the same of months' },
  'keep-yearly': { type: 'string', value: 'N', description: 'prune: the same of years' },
  'recovery-window': {
    type: 'string',
    value: 'TIME',
    description: 'prune: keep what it takes to go back to any moment within this time',
  },
  broken: { type: 'boolean', description: 'prune: remove backups without a usable manifest, too' },
  'dry-run': { type: 'boolean', description: 'prune: show what would go, change nothing' },
} as const satisfies OptionDefinitions;

export const BACKUP_OPTIONS = {
  ...PLACE_OPTIONS,
  ...VERIFY_OPTIONS,
  ...DRILL_OPTIONS,
  ...PRUNE_OPTIONS,
} as const;

export type BackupContext = CommandContext<typeof BACKUP_OPTIONS>;

/** One verb of `holdfast backup`. */
export interface BackupVerb {
  /** How many arguments follow it, at least and at most. */
  readonly takes: readonly [least: number, most: number];
  /** The options it takes besides those of places. */
  readonly options: readonly string[];
  run(context: BackupContext, args: readonly string[]): Promise<ExitCode>;
}
