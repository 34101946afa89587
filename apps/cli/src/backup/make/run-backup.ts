import { join } from 'node:path';
import { errorMessage, HoldfastError, systemClock } from '@holdfast/core';
import {
  type BackupEngineName,
  type BackupManifest,
  type BackupProgress,
  type BackupRepository,
  type BackupValidation,
  createEngine,
  takeBackup,
  validateByDecoding,
  verifyFiles,
} from '@holdfast/database/backup';
import type { Configuration, Environment } from '../../env.ts';
import { programPlaces } from '../../restore/program-places.ts';
import { version } from '../../version.ts';
import { drillAt } from '../drill-at.ts';

/** What is to be made. */
export interface BackupWish {
  readonly engine: BackupEngineName;
  readonly url: string;
  readonly compression: 'zstd' | 'gzip' | 'none';
  readonly plain: boolean;
  readonly validate: 'none' | 'decode' | 'drill';
  readonly label: string | undefined;
  readonly jobs: number;
}

/** What became of it at one destination. */
export interface BackupResult {
  readonly destination: string;
  readonly manifest: BackupManifest | undefined;
  /** Of everything that is stored of it, as lists show it; undefined where it is not. */
  readonly bytes: number | undefined;
  /** The strongest one that was made. */
  readonly validation: BackupValidation | undefined;
  /** Why it is not there, or could not be validated. */
  readonly trouble: string | undefined;
}

export interface RunOptions {
  readonly configuration: Configuration;
  readonly environment: Environment;
  readonly repositories: readonly BackupRepository[];
  readonly signal: AbortSignal;
  readonly onProgress: (progress: BackupProgress) => void;
}

/** Makes one backup everywhere and validates each copy by itself. Throws when it could be made nowhere. */
export async function runBackup(wish: BackupWish, options: RunOptions): Promise<readonly BackupResult[]> {
  const { repositories, signal, onProgress } = options;
  const engine = createEngine(wish.engine, engineOptions(options));
  const outcomes = await takeBackup({
    engine,
    repositories,
    clock: systemClock,
    request: {
      ...wish,
      databases: null,
      toolVersion: version(),
      signal,
      onProgress,
    },
  });
  const results: BackupResult[] = [];
  for (const outcome of outcomes) {
    const destination = outcome.repository.destination.name;
    results.push(
      outcome.kind === 'failed'
        ? { ...failedAt(destination), trouble: errorMessage(outcome.error) }
        : await madeAt(wish, options, outcome.repository, outcome.manifest),
    );
  }
  return results;
}

function failedAt(destination: string): Omit<BackupResult, 'trouble'> {
  return { destination, manifest: undefined, bytes: undefined, validation: undefined };
}

async function madeAt(
  wish: BackupWish,
  options: RunOptions,
  repository: BackupRepository,
  manifest: BackupManifest,
): Promise<BackupResult> {
  const validated = await validate(wish, options, repository, manifest);
  const stored = await repository.find(manifest.id).catch(() => undefined);
  return { destination: repository.destination.name, manifest, bytes: stored?.bytes, ...validated };
}

/**
 * A drill that finds nothing says more than reading does; before it, every byte is read all the same. Without an identity that is all
 * that can be done with an encrypted one.
 */
async function validate(
  wish: BackupWish,
  options: RunOptions,
  repository: BackupRepository,
  manifest: BackupManifest,
): Promise<Pick<BackupResult, 'validation' | 'trouble'>> {
  if (wish.validate === 'none') return { validation: undefined, trouble: undefined };
  options.onProgress({ step: `reading it again at ${repository.destination.name}` });
  try {
    if (manifest.encryption !== null && !repository.hasIdentity)
      return { validation: await validateAsStored(options, repository, manifest.id), trouble: undefined };
    const engine = createEngine(wish.engine, engineOptions(options));
    const decoded = await validateByDecoding(engine, repository, manifest.id, systemClock);
    if (wish.validate === 'decode' || decoded.result === 'damaged')
      return { validation: decoded, trouble: undefined };
    const backup = await repository.find(manifest.id);
    const { validation } = await drillAt({ ...options, repository, backup, jobs: wish.jobs });
    return { validation, trouble: undefined };
  } catch (error) {
    if (options.signal.aborted) throw error;
    return { validation: undefined, trouble: `it is made, but not validated: ${errorMessage(error)}` };
  }
}

async function validateAsStored(
  { signal }: RunOptions,
  repository: BackupRepository,
  id: string,
): Promise<BackupValidation> {
  const { validation } = await verifyFiles({
    repository,
    id,
    sealKey: undefined,
    clock: systemClock,
    signal,
    onProgress: () => undefined,
  });
  await repository.recordValidation(id, validation);
  return validation;
}

function engineOptions({ configuration, environment }: RunOptions): Parameters<typeof createEngine>[1] {
  return {
    programs: programPlaces(configuration, environment),
    workDirectory: join(configuration.home, 'tmp'),
  };
}

/** The word that the options give to the validation. Throws `usage`. */
export function readLevel(level: string | undefined, none: boolean | undefined): BackupWish['validate'] {
  if (none === true && level !== undefined)
    throw new HoldfastError('usage', '--validate and --no-validate exclude each other.');
  if (none === true) return 'none';
  if (level === undefined || level === 'decode' || level === 'drill') return level ?? 'decode';
  throw new HoldfastError('usage', `--validate must be decode or drill, not ${level}.`);
}
