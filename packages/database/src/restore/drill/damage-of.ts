import { errorMessage, type HoldfastError, isHoldfastError } from '@holdfast/core';
import type { BackupProblem } from '../../backup/manifest.ts';

/**
 * What the error of a restore says against the backup; undefined when it says nothing, as when this machine lacks something.
 * @param id of the backup
 */
export function damageOf(error: unknown, id: string): readonly BackupProblem[] | undefined {
  if (!isHoldfastError(error, 'restore_failed', 'backup_damaged') || isTroubleHere(error)) return undefined;
  const { problems } = error.details ?? {};
  if (error.code === 'backup_damaged' && Array.isArray(problems)) return problems as BackupProblem[];
  const code = error.code === 'backup_damaged' ? 'wrong_hash' : 'does_not_restore';
  return [{ code, subject: id, message: errorMessage(error) }];
}

/** What this machine lacks says nothing about the backup. */
function isTroubleHere(error: HoldfastError): boolean {
  const text = `${errorMessage(error)} ${errorMessage(error.cause ?? '')}`;
  return /Permission denied|No space left on device|EACCES|ENOSPC|EMFILE|could not fork|Cannot allocate memory/.test(
    text,
  );
}
