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
  return [{ code, subject: id, message: errorMessage(error).replace(/\.$/, '') }];
}

/** What this machine lacks, and whoever ends processes here, says nothing about the backup. */
function isTroubleHere(error: HoldfastError): boolean {
  const text = `${errorMessage(error)} ${errorMessage(error.cause ?? '')}`;
  return LACKS.test(text) || ENDED.test(text) || isHoldfastError(error.cause, 'database_unavailable');
}

const LACKS =
  /Permission denied|No space left on device|EACCES|ENOSPC|EMFILE|could not fork|Cannot allocate memory/;
/** A program that crashes is ended by other signals (SIGSEGV, SIGABRT, SIGBUS): damage can be behind those. */
const ENDED =
  /was ended by SIG(?:KILL|TERM|INT|QUIT|HUP)|terminated by signal (?:1|2|3|9|15)\b|received (?:smart|fast|immediate) shutdown request/;
