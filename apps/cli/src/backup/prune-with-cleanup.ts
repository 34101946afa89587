import type { Configuration, Environment, SettingFlags } from '../env.ts';
import type { Terminal } from '../terminal.ts';
import { openPlaces } from './backup-places.ts';
import { interruptible } from './interruptible.ts';
import { type PruneEverywhere, pruneEverywhere, pruneText, retentionPolicy } from './prune.ts';

export interface PruneWithCleanup {
  readonly configuration: Configuration;
  readonly environment: Environment;
  readonly flags: SettingFlags;
  /** How long everything is kept, instead of the `within` that is configured. */
  readonly retentionMs: number | undefined;
  readonly dryRun: boolean;
}

/**
 * Old backups go with the cleanup, by the configured rules. Null when the cleanup is of a database that was named on the command
 * line: the configured backups need not be of that one.
 */
export async function pruneWithCleanup(options: PruneWithCleanup): Promise<PruneEverywhere | null> {
  const { configuration, environment, flags, retentionMs, dryRun } = options;
  if (flags['database-url'] !== undefined) return null;
  const rules = configuration.settings.backupKeep;
  const keepsAll = Object.keys(rules).length === 0;
  const policy = retentionPolicy(
    keepsAll || retentionMs === undefined ? rules : { ...rules, within: retentionMs },
  );
  const places = await openPlaces(configuration);
  return interruptible(environment, signal =>
    pruneEverywhere(places, { policy, dryRun, removeBroken: false, signal }),
  );
}

/** Empty when there is nothing to tell. */
export function prunedText(pruned: PruneEverywhere | null, terminal: Terminal): string {
  if (pruned === null) return '';
  const results = pruned.results.filter(({ removed, kept }) => removed.length + kept.length > 0);
  const text = pruneText({ ...pruned, results }, terminal);
  return text === '' ? '' : `\n${text}`;
}
