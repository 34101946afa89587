import { formatDuration, HoldfastError, newId, systemClock } from '@holdfast/core';
import {
  type CleanupProgress,
  type CleanupResult,
  type CleanupRun,
  parseRetention,
  readPolicyFile,
} from '@holdfast/database/cleanup';
import { cleanDatabase } from '@holdfast/keeper';
import { prunedText, pruneWithCleanup } from '../backup/prune-with-cleanup.ts';
import { defineCommand, type OptionDefinitions, type OptionValues } from '../command.ts';
import { withOwnerConnection } from '../database-access.ts';
import type { Configuration } from '../env.ts';
import type { Terminal } from '../terminal.ts';

const OPTIONS = {
  'dry-run': { type: 'boolean', description: 'count what would go, in one snapshot, and change nothing' },
  yes: {
    type: 'boolean',
    description: 'also remove deleted rows and audit entries that are past their retention',
  },
  deleted: {
    type: 'string',
    value: 'RETENTION',
    description: 'how long deleted rows can be restored (default 30d)',
  },
  audit: {
    type: 'string',
    value: 'RETENTION',
    description: 'how long audit entries are kept (default for ever)',
  },
  policy: {
    type: 'string',
    value: 'FILE',
    description: 'policies for tables of your own, and other retentions',
  },
  'batch-size': {
    type: 'string',
    value: 'ROWS',
    description: 'the most rows of one transaction (default 1000)',
  },
  pause: { type: 'string', value: 'DURATION', description: 'the pause between transactions (default 50ms)' },
} as const satisfies OptionDefinitions;

const PROGRESS_MS = 2_000;

/** `holdfast cleanup`: removes what has outlived its use. */
export const cleanup = defineCommand({
  usage: '[RETENTION]',
  description:
    'Removes sessions, refresh tokens and links that ended longer ago than RETENTION (default 7d; 336h and 1h30m are fine), expired provider tokens, and sign-in records after 90 days. Sessions are kept for as long as one of their tokens could be good. Deleted accounts, roles and providers, and audit entries, are counted and only removed with --yes; a row that others still need stays. Old backups go as well, by the rules of HOLDFAST_BACKUP_KEEP, with RETENTION as their age; see holdfast backup --help. With --database-url, backups are left alone.\n\nOn a database that is not one of Holdfast there is nothing to clean unless a policy file says so: {"policies": [{"table": "events", "time": "created_at", "retention": "90d"}, {"table": "customers", "deleted": "deleted_at", "retention": "365d", "owns": ["addresses"]}]}.',
  maxPositionals: 1,
  options: OPTIONS,
  examples: [
    ['holdfast cleanup --dry-run', 'what would go'],
    ['holdfast cleanup 336h', 'keep for 14 days what has ended'],
    ['holdfast cleanup --yes --deleted 90d --audit 365d', 'deleted rows and audit entries as well'],
    ['holdfast cleanup --database-url postgresql://… --policy cleanup.json', 'any PostgreSQL'],
  ],
  exitStatus: [
    [0, 'it is clean, or it was counted'],
    [1, 'some of it failed; the rest is done'],
    [2, 'a retention, a policy, a setting or an option is wrong; nothing was done'],
    [3, 'the database is not available, or another cleanup runs'],
  ],
  run: async ({ options, positionals, configuration, environment, flags, terminal }) => {
    const effective = configuration();
    const choice = await choiceOf(options, positionals[0], effective);
    const run = await withOwnerConnection(effective, terminal, connection =>
      cleanDatabase({
        ...choice,
        connection,
        settings: effective.settings,
        actor: { type: 'operator', id: null, requestId: newId() },
        dryRun: options['dry-run'] === true,
        onProgress: progressOf(terminal),
      }),
    );
    const backups = await pruneWithCleanup({
      configuration: effective,
      environment,
      flags,
      retentionMs: retentionOption('RETENTION', positionals[0]),
      dryRun: options['dry-run'] === true,
    });
    terminal.result({ ...run, backups }, () => `${runText(run, terminal)}${prunedText(backups, terminal)}`);
    const failed = run.results.some(({ outcome }) => outcome.kind === 'failed');
    return failed || (backups?.failed.length ?? 0) > 0 ? 1 : 0;
  },
});

/** A line now and then of a run that takes long; each batch with --verbose. */
function progressOf(terminal: Terminal): (progress: CleanupProgress) => void {
  let told = systemClock.monotonic();
  return ({ name, rows }) => {
    const now = systemClock.monotonic();
    if (!terminal.verbose && now - told < PROGRESS_MS) return;
    told = now;
    terminal.progress(`${name}: ${counted(rows)} so far`);
  };
}

async function choiceOf(
  options: OptionValues<typeof OPTIONS>,
  retention: string | undefined,
  { settings }: Configuration,
) {
  const path = options.policy ?? settings.cleanupPolicy;
  const deleted = retentionOption('--deleted', options.deleted) ?? settings.cleanupDeletedRetention;
  const audit = retentionOption('--audit', options.audit) ?? settings.cleanupAuditRetention;
  const batchSize = options['batch-size'] === undefined ? undefined : Number(options['batch-size']);
  if (batchSize !== undefined && !(Number.isInteger(batchSize) && batchSize > 0 && batchSize <= 100_000)) {
    throw new HoldfastError('usage', '--batch-size must be a whole number from 1 to 100000.');
  }
  const pauseMs = retentionOption('--pause', options.pause);
  return {
    retentionMs: retentionOption('RETENTION', retention) ?? settings.cleanupRetention,
    kinds: {
      ...(deleted === undefined ? {} : { deleted }),
      ...(audit === undefined ? {} : { record: audit }),
    },
    entries: path === undefined ? [] : await readPolicyFile(path),
    confirmed: options.yes === true ? (['deleted', 'record'] as const) : [],
    ...(batchSize === undefined ? {} : { batchSize }),
    ...(pauseMs === undefined ? {} : { pauseMs }),
  };
}

function retentionOption(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseRetention(text);
  if (ms !== undefined) return ms;
  const why = text.startsWith('-') ? ': it says how long things are kept, and cannot be negative' : '';
  throw new HoldfastError(
    'usage',
    `${name} must be a duration such as 7d, 336h or 1h30m, not "${text}"${why}. Nothing was removed.`,
  );
}

function runText(run: CleanupRun, terminal: Terminal): string {
  const { isHoldfast, dryRun, results, rows } = run;
  if (results.length === 0) {
    return isHoldfast
      ? 'There is nothing to clean up.'
      : 'This database is not one of Holdfast, and no policy file says what may go (--policy): nothing was looked at.';
  }
  const shown = results.filter(({ outcome }) => terminal.verbose || outcome.kind !== 'skipped');
  const width = Math.max(...shown.map(({ name }) => name.length));
  const lines = shown.map(result => `  ${result.name.padEnd(width)}  ${resultText(result, dryRun)}`);
  const unconfirmed = results.some(({ outcome }) => outcome.kind === 'unconfirmed' && outcome.rows > 0);
  const head = dryRun
    ? `${counted(rows)} would go; nothing was changed.`
    : `${counted(rows)} ${rows === 1 ? 'is' : 'are'} gone.`;
  const hint = unconfirmed ? ['What waits for a word goes with --yes.'] : [];
  return [terminal.style('bold', head), ...lines, ...hint].join('\n');
}

function resultText({ what, action, retentionMs, outcome }: CleanupResult, dryRun: boolean): string {
  const about = retentionMs === undefined ? what : `${what} (kept ${formatDuration(retentionMs)})`;
  switch (outcome.kind) {
    case 'done': {
      const verb = dryRun ? `would be ${action}` : action;
      const kept = outcome.kept === 0 ? '' : `; ${outcome.kept} more are needed by other rows or in use`;
      return `${outcome.rows} ${verb}${kept}: ${about}`;
    }
    case 'unconfirmed':
      return `${outcome.rows} wait for a word: ${about}`;
    case 'skipped':
      return `skipped, ${outcome.reason}: ${what}`;
    case 'failed':
      return `failed after ${outcome.rows}: ${outcome.reason}`;
    case 'stopped':
      return `stopped after ${outcome.rows}: ${about}`;
  }
}

function counted(rows: number): string {
  return rows === 1 ? '1 row' : `${rows} rows`;
}
