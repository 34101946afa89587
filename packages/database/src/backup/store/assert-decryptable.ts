import { isHoldfastError } from '@holdfast/core';
import type { BackupRepository, StoredBackup } from '../backup-repository.ts';
import { ENCRYPTION_ENDING } from './encryption.ts';

/**
 * Tries the identity on the beginning of the smallest encrypted file. Damage is left to whoever reads the whole backup.
 * @throws HoldfastError `backup_not_possible` without an identity, or with one that it was not encrypted for
 */
export async function assertDecryptable(
  repository: BackupRepository,
  backup: Pick<StoredBackup, 'manifest'>,
): Promise<void> {
  const { encryption, files } = backup.manifest;
  const [smallest] = files
    .filter(({ path }) => path.endsWith(ENCRYPTION_ENDING))
    .toSorted((a, b) => a.bytes - b.bytes);
  if (encryption === null || smallest === undefined) return;
  try {
    for await (const _ of await repository.open(backup, smallest.path, 'original')) break;
  } catch (error) {
    if (!isHoldfastError(error, 'backup_damaged')) throw error;
  }
}
