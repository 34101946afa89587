import { HoldfastError } from '@holdfast/core';
import type { BackupEngineName } from '@holdfast/database/backup';

const NAMES: readonly BackupEngineName[] = ['physical', 'logical', 'pgbackrest'];

/**
 * The engine somebody asked for; else physical for the embedded PostgreSQL, which needs nothing installed, and logical for any
 * other, which needs no right but to read. Throws `usage`.
 */
export function chooseEngine(wanted: string | undefined, isEmbedded: boolean): BackupEngineName {
  if (wanted === undefined) return isEmbedded ? 'physical' : 'logical';
  const name = NAMES.find(candidate => candidate === wanted);
  if (name !== undefined) return name;
  throw new HoldfastError('usage', `--engine must be one of ${NAMES.join(', ')}, not ${wanted}.`);
}
