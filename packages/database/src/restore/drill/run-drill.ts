import { type Clock, HoldfastError, isHoldfastError } from '@holdfast/core';
import type { BackupProblem, BackupValidation } from '../../backup/manifest.ts';
import { withoutLosing } from '../lost-beside.ts';
import { type MaterializeBackupOptions, materializeBackup } from '../materialize-backup.ts';
import type { MaterializedBackup } from '../materialized-backup.ts';
import { damageOf } from './damage-of.ts';
import { type Examination, examineRestored } from './examine-restored.ts';

export interface DrillOptions
  extends Pick<
    MaterializeBackupOptions,
    | 'repository'
    | 'backup'
    | 'directory'
    | 'systemUser'
    | 'sharedDir'
    | 'binDir'
    | 'programs'
    | 'jobs'
    | 'signal'
    | 'onProgress'
  > {
  readonly clock: Clock;
}

export interface DrillResult {
  readonly validation: BackupValidation;
  readonly examination: Examination | undefined;
  readonly restoreMs: number;
}

/**
 * Restores a backup beside, compares it with its manifest and examines it, and removes it again. The result is recorded with the
 * backup. Trouble that is not the backup's (no space, no programs of that version) is thrown, and nothing is recorded.
 */
export async function runDrill(options: DrillOptions): Promise<DrillResult> {
  const { repository, backup, clock } = options;
  const started = clock.monotonic();
  const at = new Date(clock.now()).toISOString();
  const restored = await restoreForDrill(options);
  const restoreMs = clock.monotonic() - started;
  const isRestored = 'manifest' in restored;
  const examination = isRestored ? await examine(options, restored) : undefined;
  const problems = isRestored ? (examination?.problems ?? []) : restored;
  const validation: BackupValidation = {
    level: 'drill',
    at,
    durationMs: Math.round(clock.monotonic() - started),
    destination: repository.destination.name,
    result: problems.length === 0 ? 'valid' : 'damaged',
    problems,
  };
  await repository.recordValidation(backup.manifest.id, validation);
  return { validation, examination, restoreMs: Math.round(restoreMs) };
}

/** The restored backup, or why it is none. */
async function restoreForDrill(
  options: DrillOptions,
): Promise<MaterializedBackup | readonly BackupProblem[]> {
  try {
    return await materializeBackup({
      ...options,
      archive: undefined,
      target: { kind: 'backup' },
      purpose: 'drill',
    });
  } catch (error) {
    const problems = damageOf(error, options.backup.manifest.id);
    if (problems !== undefined) return problems;
    if (!isHoldfastError(error, 'restore_failed', 'backup_damaged')) throw error;
    throw untried(error);
  }
}

/** What happened here says nothing of the backup. */
function untried(error: HoldfastError): HoldfastError {
  return new HoldfastError('restore_refused', error.message, { cause: error });
}

async function examine(options: DrillOptions, restored: MaterializedBackup): Promise<Examination> {
  const { jobs, signal, onProgress } = options;
  try {
    return await withoutLosing(restored, () =>
      examineRestored(restored, {
        jobs,
        signal,
        compare: true,
        onProgress: step => onProgress({ step }),
      }),
    );
  } catch (error) {
    throw isHoldfastError(error, 'restore_failed') ? untried(error) : error;
  } finally {
    await restored.discard();
  }
}
