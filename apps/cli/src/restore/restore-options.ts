import { HoldfastError, shellWord } from '@holdfast/core';
import type { RecoveryTarget } from '@holdfast/database/restore';
import { PLACE_OPTIONS } from '../backup/backup-options.ts';
import type { CommandContext, OptionDefinitions } from '../command.ts';
import { parseTime } from '../restore-times.ts';
import { TABLE_OPTIONS } from './table-options.ts';

export const RESTORE_OPTIONS = {
  ...PLACE_OPTIONS,
  'to-time': {
    type: 'string',
    value: 'TIME|latest',
    description: 'as it was at this time, or with everything that the WAL archive has',
  },
  'to-lsn': { type: 'string', value: 'LSN', description: 'as it was at this position in the WAL' },
  'to-transaction': { type: 'string', value: 'XID', description: 'as it was right after this transaction' },
  'before-transaction': {
    type: 'string',
    value: 'XID',
    description: 'as it was just before this transaction',
  },
  'restored-to': {
    type: 'string',
    value: 'TIME',
    description:
      'for a file of pg_dump: when the dump was begun (default: a day before the file was finished)',
  },
  plan: { type: 'boolean', description: 'only say what would be done, and what would be lost' },
  yes: { type: 'boolean', description: 'do it' },
  'accept-problems': {
    type: 'boolean',
    description: 'also when the restored database is not as its manifest says',
  },
  undo: { type: 'boolean', description: 'bring back the database that the last restore replaced' },
  dump: {
    type: 'boolean',
    description: 'undo, list, forget: of restores of dumps into the embedded PostgreSQL',
  },
  list: {
    type: 'boolean',
    description: 'show what can be undone: replaced databases, and restores of tables',
  },
  forget: { type: 'string', value: 'ID|all', description: 'remove replaced databases for good' },
  ...TABLE_OPTIONS,
  jobs: { type: 'string', value: 'N', description: 'how many things are done at once (default 2)' },
} as const satisfies OptionDefinitions;

export type RestoreContext = CommandContext<typeof RESTORE_OPTIONS>;

/** The options of which one may say up to where recovery goes. */
const RECOVERY_TARGETS = ['to-time', 'to-lsn', 'to-transaction', 'before-transaction'] as const;

/** The one target that the options name; the backup's own point without any. @throws HoldfastError `usage` */
export function targetOf(options: RestoreContext['options']): RecoveryTarget {
  const given = RECOVERY_TARGETS.filter(name => options[name] !== undefined);
  if (given.length > 1)
    throw usage(`Only one of ${given.map(name => `--${name}`).join(' and ')} can be given.`);
  const time = options['to-time'];
  if (time === 'latest') return { kind: 'latest' };
  if (time !== undefined) return { kind: 'time', at: parseTime('to-time', time) };
  const lsn = options['to-lsn'];
  if (lsn !== undefined) return { kind: 'lsn', lsn: checked('to-lsn', lsn, LSN), inclusive: true };
  const after = options['to-transaction'];
  if (after !== undefined)
    return { kind: 'transaction', xid: checked('to-transaction', after, XID), inclusive: true };
  const before = options['before-transaction'];
  if (before !== undefined)
    return { kind: 'transaction', xid: checked('before-transaction', before, XID), inclusive: false };
  return { kind: 'backup' };
}

const NOT_REPEATED: readonly string[] = ['plan', 'yes'];

/** The options as they were typed, for a command that is to do the same with another backup. */
export function typedWords(options: RestoreContext['options']): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    if (value === undefined || value === false || NOT_REPEATED.includes(name)) return [];
    return value === true ? [`--${name}`] : [`--${name}`, shellWord(value)];
  });
}

const LSN = /^[0-9a-f]{1,8}\/[0-9a-f]{1,8}$/i;
const XID = /^\d{1,20}$/;

function checked(option: string, text: string, pattern: RegExp): string {
  if (pattern.test(text)) return text;
  const example = pattern === LSN ? '16/B374D848' : '48213';
  throw usage(`--${option} must look like ${example}, not "${text}".`);
}

export function jobsOf({ jobs }: { readonly jobs?: string }): number {
  if (jobs === undefined) return 2;
  const number = Number(jobs);
  if (Number.isInteger(number) && number >= 1 && number <= 64) return number;
  throw usage(`--jobs must be a whole number from 1 to 64, not "${jobs}".`);
}

function usage(message: string): HoldfastError {
  return new HoldfastError('usage', message);
}
