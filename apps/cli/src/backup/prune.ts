import { type BackupRules, HoldfastError, parseDuration, systemClock } from '@holdfast/core';
import { type PruneResult, pruneBackups, type RetentionPolicy } from '@holdfast/database/backup';
import type { OptionValues } from '../command.ts';
import type { ExitCode } from '../exit-codes.ts';
import { count, formatBytes } from '../migrate/text.ts';
import type { Terminal } from '../terminal.ts';
import type { BackupContext, PRUNE_OPTIONS } from './backup-options.ts';
import { type BackupPlaces, openPlaces } from './backup-places.ts';
import { interruptible } from './interruptible.ts';

type PruneOptions = OptionValues<typeof PRUNE_OPTIONS>;

/** `holdfast backup prune`: removes what no rule keeps, at every destination for itself. */
export async function runPrune({
  options,
  configuration,
  environment,
  terminal,
}: BackupContext): Promise<ExitCode> {
  const effective = configuration();
  const policy = policyOf(options, effective.settings.backupKeep);
  const places = await openPlaces(effective, { options });
  const run = await interruptible(environment, signal =>
    pruneEverywhere(places, {
      policy,
      dryRun: options['dry-run'] === true,
      removeBroken: options.broken === true,
      signal,
    }),
  );
  terminal.result(run, () => pruneText(run, terminal));
  return run.failed.length > 0 ? 1 : 0;
}

export interface PruneEverywhere {
  readonly dryRun: boolean;
  readonly results: readonly {
    readonly destination: string;
    readonly removed: readonly { readonly id: string; readonly bytes: number; readonly why: string }[];
    readonly kept: readonly { readonly id: string; readonly reasons: readonly string[] }[];
    readonly walSegments: number;
    readonly freedBytes: number;
  }[];
  readonly failed: readonly { readonly destination: string; readonly message: string }[];
}

/** One destination that fails keeps nothing from being done at the others. */
export async function pruneEverywhere(
  places: Pick<BackupPlaces, 'repositories' | 'archives'>,
  options: {
    readonly policy: RetentionPolicy;
    readonly dryRun: boolean;
    readonly removeBroken: boolean;
    readonly signal: AbortSignal;
  },
): Promise<PruneEverywhere> {
  const results: PruneEverywhere['results'][number][] = [];
  const failed: PruneEverywhere['failed'][number][] = [];
  for (const repository of places.repositories) {
    try {
      const archives = await places.archives(repository);
      results.push(summarize(await pruneBackups({ ...options, repository, archives, clock: systemClock })));
    } catch (error) {
      if (options.signal.aborted || !(error instanceof HoldfastError)) throw error;
      failed.push({ destination: repository.destination.name, message: error.message });
    }
  }
  return { dryRun: options.dryRun, results, failed };
}

function summarize({ destination, decisions, broken, walSegments, freedBytes }: PruneResult) {
  const gone = decisions.filter(({ reasons }) => reasons.length === 0);
  return {
    destination,
    removed: [
      ...gone.map(({ backup }) => ({ id: backup.manifest.id, bytes: backup.bytes, why: 'no rule keeps it' })),
      ...broken.map(({ id, bytes, problem }) => ({ id, bytes, why: problem })),
    ],
    kept: decisions
      .filter(({ reasons }) => reasons.length > 0)
      .map(({ backup, reasons }) => ({ id: backup.manifest.id, reasons })),
    walSegments,
    freedBytes,
  };
}

/** Any rule on the command line replaces all of those that are configured. */
function policyOf(options: PruneOptions, configured: BackupRules): RetentionPolicy {
  const given: BackupRules = {
    ...countRule('last', options['keep-last']),
    ...countRule('daily', options['keep-daily']),
    ...countRule('weekly', options['keep-weekly']),
    ...countRule('monthly', options['keep-monthly']),
    ...countRule('yearly', options['keep-yearly']),
    ...timeRule('within', '--keep-within', options['keep-within']),
    ...timeRule('window', '--recovery-window', options['recovery-window']),
  };
  return retentionPolicy(Object.keys(given).length > 0 ? given : configured);
}

/** Rules as configured, for the planning of what stays. */
export function retentionPolicy({ within, window, ...counts }: BackupRules): RetentionPolicy {
  return {
    ...counts,
    ...(within === undefined ? {} : { withinMs: within }),
    ...(window === undefined ? {} : { recoveryWindowMs: window }),
  };
}

function countRule(name: keyof BackupRules, text: string | undefined): BackupRules {
  if (text === undefined) return {};
  if (/^[1-9]\d{0,5}$/.test(text)) return { [name]: Number(text) };
  throw new HoldfastError('usage', `--keep-${name} is a number from 1, not "${text}".`);
}

function timeRule(name: keyof BackupRules, option: string, text: string | undefined): BackupRules {
  if (text === undefined) return {};
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return { [name]: ms };
  throw new HoldfastError('usage', `${option} is a duration such as 7d or 36h, not "${text}".`);
}

export function pruneText(
  { dryRun, results, failed }: PruneEverywhere,
  { style, verbose }: Terminal,
): string {
  const [gone, would] = dryRun ? ['would be removed', 'would be freed'] : ['removed', 'freed'];
  return [
    ...results.flatMap(({ destination, removed, kept, walSegments, freedBytes }) => [
      style(
        'bold',
        `${destination}: ${count(removed.length, 'backup')} ${gone}, ${kept.length} stay, ${formatBytes(freedBytes)} ${would}`,
      ),
      ...removed.map(({ id, bytes, why }) => `  ${id}  ${formatBytes(bytes)}  ${gone}: ${why}`),
      ...(walSegments === 0 ? [] : [`  ${count(walSegments, 'WAL segment')} removed`]),
      ...(verbose || dryRun ? kept.map(({ id, reasons }) => `  ${id}  stays: ${reasons.join(', ')}`) : []),
    ]),
    ...failed.map(({ message }) => `${style('red', 'failed')}  ${message}`),
  ].join('\n');
}
