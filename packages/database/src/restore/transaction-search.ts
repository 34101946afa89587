import { isHoldfastError } from '@holdfast/core';
import type { StoredBackup } from '../backup/backup-repository.ts';
import { listCommits } from '../backup/wal/list-commits.ts';
import type { WalArchive } from '../backup/wal-archive.ts';

/** Whether a transaction was committed in the WAL that continues a backup. */
export type HasTransaction = (backup: StoredBackup, xid: string) => Promise<boolean>;

/**
 * Looks transactions up in archives. Asked for one backup after the other, the newest first, it reads no WAL twice. Where the archive
 * cannot be read, recovery has to find out.
 */
export function searchTransactions(
  archiveOf: (backup: StoredBackup) => Promise<WalArchive | undefined>,
): HasTransaction {
  const searchedFrom = new Map<string, string>();
  return async (backup, xid) => {
    const { point, server } = backup.manifest;
    const archive = await archiveOf(backup);
    if (point.kind !== 'physical' || archive === undefined) return false;
    const from = point.consistentLsn ?? point.stopLsn;
    const key = `${server.systemIdentifier} ${xid}`;
    const to = searchedFrom.get(key);
    searchedFrom.set(key, from);
    return isCommitted(archive, xid, {
      from: { lsn: from },
      ...(to === undefined ? {} : { to: { lsn: to } }),
    });
  };
}

async function isCommitted(
  archive: WalArchive,
  xid: string,
  between: Parameters<typeof listCommits>[1],
): Promise<boolean> {
  try {
    for await (const commit of listCommits(archive, between)) if (commit.xid === xid) return true;
    return false;
  } catch (error) {
    if (isHoldfastError(error, 'backup_damaged')) return true;
    throw error;
  }
}
