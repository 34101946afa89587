import { HoldfastError } from '@holdfast/core';
import { quoteText } from './quote.ts';
import type { BaseBackupOptions } from './replication-session.ts';

/**
 * The command in the grammar of the server's version (manual, chapter "Streaming Replication Protocol"). It never waits
 * for the archiver: the WAL that a backup needs is the business of the caller, as with pg_basebackup.
 */
export function backupCommand(majorVersion: number, options: BaseBackupOptions): string {
  const { maxRate, serverCompression } = options;
  if (maxRate !== undefined && !(Number.isInteger(maxRate) && maxRate >= 32 && maxRate <= 1_048_576)) {
    const message = `A rate of ${maxRate} kB/s is not possible: PostgreSQL takes 32 to 1048576`;
    throw new HoldfastError('invalid_request', message);
  }
  if (majorVersion >= 15) return `BASE_BACKUP (${newOptions(options).join(', ')})`;
  if (serverCompression === undefined) return `BASE_BACKUP ${oldOptions(options).join(' ')}`;
  const message = `PostgreSQL ${majorVersion} cannot compress a base backup; from 15 on it can. Let Holdfast compress it`;
  throw new HoldfastError('invalid_request', message);
}

function newOptions(options: BaseBackupOptions): string[] {
  const { label, checkpoint, includeWal, serverCompression, maxRate } = options;
  return [
    `LABEL ${quoteText(label)}`,
    'PROGRESS true',
    `CHECKPOINT ${quoteText(checkpoint)}`,
    `WAL ${includeWal}`,
    'WAIT false',
    'TABLESPACE_MAP true',
    "MANIFEST 'yes'",
    ...(maxRate === undefined ? [] : [`MAX_RATE ${maxRate}`]),
    ...(serverCompression === undefined ? [] : [`COMPRESSION ${quoteText(serverCompression.method)}`]),
    ...(serverCompression?.level === undefined
      ? []
      : [`COMPRESSION_DETAIL ${quoteText(`level=${serverCompression.level}`)}`]),
  ];
}

function oldOptions({ label, checkpoint, includeWal, maxRate }: BaseBackupOptions): string[] {
  return [
    `LABEL ${quoteText(label)}`,
    'PROGRESS',
    ...(checkpoint === 'fast' ? ['FAST'] : []),
    ...(includeWal ? ['WAL'] : []),
    'NOWAIT',
    ...(maxRate === undefined ? [] : [`MAX_RATE ${maxRate}`]),
    'TABLESPACE_MAP',
    "MANIFEST 'yes'",
  ];
}
