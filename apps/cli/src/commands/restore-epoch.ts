import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  type JournalEntry,
  journalPath,
  listEpochs,
  lostRevocations,
  type RestoreEpoch,
  readJournal,
  recordRestore,
} from '@holdfast/auth';
import { HoldfastError } from '@holdfast/core';
import { type Connection, sql } from '@holdfast/postgres';
import { type CommandContext, defineCommand, type OptionDefinitions } from '../command.ts';
import { withOwnerConnection } from '../database-access.ts';
import type { Configuration } from '../env.ts';
import type { ExitCode } from '../exit-codes.ts';
import { checkRestoreTimes, parseTime, type RestoreTimes } from '../restore-times.ts';

const OPTIONS = {
  'restored-to': {
    type: 'string',
    value: 'TIME',
    description: 'the point in time that the database was brought back to; rather too early than too late',
  },
  'restored-at': {
    type: 'string',
    value: 'TIME',
    description: 'when the restore was done (default: now): nothing later was lost',
  },
  note: { type: 'string', value: 'TEXT', description: 'kept with the epoch, such as the name of the backup' },
  journal: {
    type: 'string',
    value: 'FILE|redis',
    description: 'the revocation journal (default: the configured one)',
  },
  'dry-run': {
    type: 'boolean',
    description: 'only show what would be recorded, and which sessions would end',
  },
  list: { type: 'boolean', description: 'show the recorded epochs' },
} as const satisfies OptionDefinitions;

type Context = CommandContext<typeof OPTIONS>;

/** `holdfast restore-epoch`: what a restore made by another tool still needs. */
export const restoreEpoch = defineCommand({
  usage: '--restored-to TIME | --list',
  description:
    'Records that the database was restored by another tool (pg_restore, pgBackRest, a snapshot of the disk), so that nobody is logged out by it and no ended session comes back: applies the revocation journal, which is outside the database, and notes which time was lost. Until then sessions that are newer than the database are answered 503, never logged out. Run it before the servers can reach the restored database: sessions that ended in the lost time are live in it until then. The embedded PostgreSQL is started for it when it does not run.',
  options: OPTIONS,
  examples: [
    ['holdfast restore-epoch --restored-to 2026-03-01T04:00:00Z --dry-run', 'what would be recorded'],
    [
      'holdfast restore-epoch --restored-to "2026-03-01 04:00:00+00" --note "nightly dump"',
      'the dump was taken at four; it was restored just now',
    ],
    ['holdfast restore-epoch --restored-to … --journal redis', 'the journal is the stream on REDIS_URL'],
    ['holdfast restore-epoch --list', 'the restores on record'],
  ],
  exitStatus: [
    [0, 'recorded, or shown'],
    [1, 'it was refused; for example the journal cannot be read or the schema is too old'],
    [2, 'wrong usage: a time is missing, in the future, or the two are swapped'],
    [3, 'the database is not available'],
  ],
  run: async context => (context.options.list === true ? runList(context) : runRecord(context)),
});

async function runList({ configuration, terminal }: Context): Promise<ExitCode> {
  const epochs = await withOwnerConnection(configuration(), terminal, async connection => {
    await requireSchema(connection);
    return listEpochs(connection);
  });
  terminal.result({ epochs }, () =>
    epochs.length === 0 ? 'No restore is on record.' : epochs.map(renderEpoch).join('\n'),
  );
  return 0;
}

async function runRecord({ configuration, options, terminal }: Context): Promise<ExitCode> {
  const given = options['restored-to'];
  if (given === undefined) {
    throw new HoldfastError('usage', 'Say which point in time was brought back: --restored-to TIME.');
  }
  const restoredTo = parseTime('restored-to', given);
  const restoredAt =
    options['restored-at'] === undefined ? undefined : parseTime('restored-at', options['restored-at']);
  const effective = configuration();
  const journal = await openJournal(effective, options.journal);
  const dryRun = options['dry-run'] === true;
  const { times, sessions } = await withOwnerConnection(effective, terminal, async connection => {
    await requireSchema(connection);
    const checked = checkRestoreTimes(restoredTo, restoredAt, await databaseTime(connection));
    if (dryRun) {
      return { times: checked, sessions: await lostRevocations(connection, journal.entries, restoredTo) };
    }
    const restore = { ...checked, note: options.note ?? '' };
    const recorded = await recordRestore(connection, restore, journal.entries);
    return { times: checked, sessions: recorded.revocations };
  });
  const { source, damaged } = journal;
  if (source !== 'redis' && !existsSync(source)) {
    terminal.warning(`there is no revocation journal ${source}: was it kept elsewhere? --journal names it`);
  }
  const revocations = sessions.length;
  terminal.result({ recorded: !dryRun, ...times, revocations, sessions, damaged, journal: source }, () =>
    renderRecord({ times, sessions, damaged, source, dryRun }),
  );
  return 0;
}

interface ReadJournal {
  readonly source: string;
  readonly entries: readonly JournalEntry[];
  /** Lines that a crash cut off. */
  readonly damaged: number;
}

async function openJournal(
  { home, settings }: Configuration,
  option: string | undefined,
): Promise<ReadJournal> {
  const configured = settings.revocationJournal;
  if ((option ?? configured) === 'redis') {
    if (settings.redisUrl === undefined) {
      throw new HoldfastError('usage', 'The journal is in Redis, but REDIS_URL is not set.');
    }
    const { readRedisJournal } = await import('@holdfast/auth/redis');
    return { source: 'redis', ...(await readRedisJournal({ url: settings.redisUrl })) };
  }
  const source = option ?? (configured === undefined ? journalPath(home) : resolve(home, configured));
  if (option !== undefined && !existsSync(option)) {
    throw new HoldfastError(
      'not_found',
      `There is no revocation journal ${option}, so nothing was recorded.`,
    );
  }
  return { source, ...(await readJournal(source)) };
}

/** A copy from before this version lacks the tables; migrating it is safe and comes first. */
async function requireSchema(connection: Connection): Promise<void> {
  const { found } = await connection.one(
    sql<{ found: boolean }>`select to_regclass('holdfast_recovery.restore_epochs') is not null as found`,
  );
  if (found) return;
  throw new HoldfastError(
    'schema_mismatch',
    'The restored database is older than this version and has no table for restores. Run holdfast migrate first.',
  );
}

async function databaseTime(connection: Connection): Promise<Date> {
  const { now } = await connection.one(sql<{ now: Date }>`select clock_timestamp() as now`);
  return now;
}

function renderRecord(record: {
  readonly times: RestoreTimes;
  readonly sessions: readonly JournalEntry[];
  readonly damaged: number;
  readonly source: string;
  readonly dryRun: boolean;
}): string {
  const { times, sessions, damaged, source, dryRun } = record;
  const revocations = sessions.length;
  const { restoredTo, restoredAt } = times;
  const lines =
    damaged === 0 ? 'no damaged lines' : `${damaged} damaged ${damaged === 1 ? 'line' : 'lines'} skipped`;
  return [
    `${dryRun ? 'Would record' : 'Recorded'}: restored to ${restoredTo.toISOString()}, at ${restoredAt.toISOString()}.`,
    `${revocations} ${revocations === 1 ? 'revocation' : 'revocations'} ${dryRun ? 'would be applied' : 'applied'} from ${source} (${lines}).`,
    ...(dryRun ? listSessions(sessions) : []),
  ].join('\n');
}

const LISTED = 50;

function listSessions(sessions: readonly JournalEntry[]): string[] {
  const shown = sessions
    .slice(0, LISTED)
    .map(({ at, sessionId, reason }) => `  ${at}  ${sessionId}  ${reason}`);
  const more = sessions.length - shown.length;
  return more === 0 ? shown : [...shown, `  and ${more} more; --json has them all`];
}

function renderEpoch({ restoredTo, restoredAt, note }: RestoreEpoch): string {
  return `restored at ${restoredAt.toISOString()} to ${restoredTo.toISOString()}${note === '' ? '' : `  ${note}`}`;
}
