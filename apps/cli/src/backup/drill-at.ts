import { systemClock } from '@holdfast/core';
import type { BackupProgress, BackupRepository, StoredBackup } from '@holdfast/database/backup';
import { type DrillResult, runDrill } from '@holdfast/database/restore';
import type { Configuration, Environment } from '../env.ts';
import { programPlaces } from '../restore/program-places.ts';
import { findScratchPlace } from '../restore/scratch-place.ts';

export interface DrillAtOptions {
  readonly configuration: Configuration;
  readonly environment: Environment;
  readonly repository: BackupRepository;
  readonly backup: StoredBackup;
  readonly jobs: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: BackupProgress) => void;
}

const PREFIX = 'drill-';

/** Restores a backup beside the state directory's own things, compares and removes it; the result is kept with the backup. */
export async function drillAt({
  configuration,
  environment,
  ...options
}: DrillAtOptions): Promise<DrillResult> {
  return runDrill({
    ...options,
    ...(await findScratchPlace(configuration, PREFIX)),
    binDir: configuration.settings.postgresBin,
    programs: programPlaces(configuration, environment),
    clock: systemClock,
  });
}
