import { HoldfastError } from '@holdfast/core';
import { surveyBackups } from '@holdfast/database/backup';
import { type BackupPlan, type BackupRun, type PlaceOutcome, superuserDatabaseUrl } from '@holdfast/keeper';
import { readClusterState } from '@holdfast/postgres/cluster';
import type { Configuration, Environment } from '../env.ts';
import { readBackupFacts } from './backup-facts.ts';
import { openPlaces } from './backup-places.ts';
import { drillAt } from './drill-at.ts';
import { type BackupResult, type BackupWish, runBackup } from './make/run-backup.ts';
import { pruneEverywhere, retentionPolicy } from './prune.ts';

const JOBS = 2;

/** How the keeper backs up what it looks after: as `holdfast backup` does without options. */
export function planBackups(configuration: Configuration, environment: Environment): BackupPlan {
  return {
    make: signal => make(configuration, environment, signal),
    drill: signal => drill(configuration, environment, signal),
    facts: async () => readBackupFacts(configuration),
  };
}

async function make(
  configuration: Configuration,
  environment: Environment,
  signal: AbortSignal,
): Promise<BackupRun> {
  const places = await openPlaces(configuration, { create: true });
  const wish = await defaultWish(configuration);
  const { repositories } = places;
  const results = await runBackup(wish, {
    configuration,
    environment,
    repositories,
    signal,
    onProgress: () => undefined,
  });
  const backup = results.find(({ manifest }) => manifest !== undefined)?.manifest?.id ?? null;
  const troubles = results.flatMap(troubleOf);
  // while a new one is doubtful the old ones are needed
  const outcomes = results.map(outcomeOf);
  if (troubles.length > 0) return { backup, trouble: troubles.join('; '), places: outcomes };
  const policy = retentionPolicy(configuration.settings.backupKeep);
  const { failed } = await pruneEverywhere(places, { policy, dryRun: false, removeBroken: false, signal });
  const left = failed.map(({ destination, message }) => `removing old backups at ${destination}: ${message}`);
  return { backup, trouble: left.length === 0 ? null : left.join('; '), places: outcomes };
}

function outcomeOf(result: BackupResult): PlaceOutcome {
  const { destination, bytes = null } = result;
  return { destination, failed: troubleOf(result).length > 0, bytes };
}

function troubleOf({ destination, trouble, validation }: BackupResult): string[] {
  if (trouble !== undefined) return [`${destination}: ${trouble}`];
  if (validation?.result !== 'damaged') return [];
  return [`${destination}: it is damaged: ${validation.problems[0]?.message ?? ''}`];
}

async function defaultWish({ home, settings }: Configuration): Promise<BackupWish> {
  const common = {
    compression: settings.backupCompression,
    validate: 'decode',
    label: undefined,
    jobs: JOBS,
  } as const;
  const url = settings.ownerDatabaseUrl ?? settings.databaseUrl;
  if (url !== undefined) return { ...common, engine: 'logical', url, plain: false };
  const cluster = await readClusterState(home);
  if (cluster === undefined) throw new HoldfastError('not_running', 'There is no database yet.');
  const plain = settings.backupCompression === 'none';
  return { ...common, engine: 'physical', url: superuserDatabaseUrl(cluster), plain };
}

/** The newest one, at each destination that has it. */
async function drill(
  configuration: Configuration,
  environment: Environment,
  signal: AbortSignal,
): Promise<BackupRun> {
  const { repositories } = await openPlaces(configuration);
  const [newest] = (await surveyBackups(repositories)).backups;
  if (newest === undefined) throw new HoldfastError('backup_not_found', 'There is no backup to drill.');
  const troubles: string[] = [];
  const outcomes: PlaceOutcome[] = [];
  for (const { repository, backup } of newest.copies) {
    const { validation } = await drillAt({
      ...{ configuration, environment, repository, backup, signal },
      jobs: JOBS,
      onProgress: () => undefined,
    });
    const { name: destination } = repository.destination;
    outcomes.push({ destination, failed: validation.result === 'damaged', bytes: backup.bytes });
    if (validation.result === 'damaged')
      troubles.push(
        `${backup.manifest.id} at ${repository.destination.name} is damaged: ${validation.problems[0]?.message ?? ''}`,
      );
  }
  return {
    backup: newest.manifest.id,
    trouble: troubles.length === 0 ? null : troubles.join('; '),
    places: outcomes,
  };
}
