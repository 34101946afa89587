import { HoldfastError, isHoldfastError } from '@holdfast/core';
import type { BackupRepository, BrokenBackup, StoredBackup } from '../backup-repository.ts';
import type { BackupManifest, BackupValidation } from '../manifest.ts';

/** One backup at one of its destinations. */
export interface BackupCopy {
  readonly repository: BackupRepository;
  readonly backup: StoredBackup;
}

export interface SurveyedBackup {
  readonly manifest: BackupManifest;
  /** In the order of the destinations. */
  readonly copies: readonly BackupCopy[];
}

export interface Survey {
  /** Newest first. */
  readonly backups: readonly SurveyedBackup[];
  readonly broken: readonly (BrokenBackup & { readonly repository: BackupRepository })[];
  readonly unreachable: readonly { readonly repository: BackupRepository; readonly error: HoldfastError }[];
}

/**
 * What is at every destination. One that cannot be read hides nothing of the others.
 * @throws HoldfastError `backup_destination_failed` when none can be read.
 */
export async function surveyBackups(repositories: readonly BackupRepository[]): Promise<Survey> {
  const looks = await Promise.all(repositories.map(look));
  const unreachable = looks.filter(item => item.kind === 'unreachable');
  const reached = looks.filter(item => item.kind === 'reached');
  if (reached.length === 0 && unreachable[0] !== undefined) {
    throw unreachable.length === 1 ? unreachable[0].error : noneReached(unreachable);
  }
  const byId = new Map<string, BackupCopy[]>();
  for (const { repository, backups } of reached) {
    for (const backup of backups) {
      const { id } = backup.manifest;
      byId.set(id, [...(byId.get(id) ?? []), { repository, backup }]);
    }
  }
  return {
    backups: [...byId.values()].flatMap(surveyed).sort(byTime),
    broken: reached.flatMap(({ repository, broken }) => broken.map(item => ({ ...item, repository }))),
    unreachable,
  };
}

/** The newest validation, of one level when it is named. */
export function lastValidation(
  validations: readonly BackupValidation[],
  level?: BackupValidation['level'],
): BackupValidation | undefined {
  return validations.findLast(item => level === undefined || item.level === level);
}

type Look =
  | {
      readonly kind: 'reached';
      readonly repository: BackupRepository;
      readonly backups: readonly StoredBackup[];
      readonly broken: readonly BrokenBackup[];
    }
  | { readonly kind: 'unreachable'; readonly repository: BackupRepository; readonly error: HoldfastError };

async function look(repository: BackupRepository): Promise<Look> {
  try {
    return { kind: 'reached', repository, ...(await repository.list()) };
  } catch (error) {
    if (!isHoldfastError(error, 'backup_destination_failed')) throw error;
    return { kind: 'unreachable', repository, error };
  }
}

function noneReached(failed: Survey['unreachable']): HoldfastError {
  return new HoldfastError('backup_destination_failed', failed.map(({ error }) => error.message).join(' '), {
    cause: failed[0]?.error,
  });
}

function surveyed(copies: readonly BackupCopy[]): SurveyedBackup[] {
  const [first] = copies;
  return first === undefined ? [] : [{ manifest: first.backup.manifest, copies }];
}

function byTime(one: SurveyedBackup, other: SurveyedBackup): number {
  return one.manifest.id < other.manifest.id ? 1 : -1;
}
