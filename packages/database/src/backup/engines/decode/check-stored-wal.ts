import type { BackupRepository, StoredBackup } from '../../backup-repository.ts';
import type { BackupProblem } from '../../manifest.ts';
import { tarEntries } from './backup-entries.ts';
import { checkWal } from './check-wal.ts';

/** Whether `pg_wal.tar` of a backup holds all WAL from its beginning to its point. @throws HoldfastError `backup_damaged` */
export async function checkStoredWal(
  repository: BackupRepository,
  backup: StoredBackup,
): Promise<readonly BackupProblem[]> {
  const { point } = backup.manifest;
  if (point.kind !== 'physical')
    return [{ code: 'manifest_edited', subject: 'manifest.json', message: 'it is of no physical backup' }];
  const { timeline, startLsn, stopLsn, consistentLsn } = point;
  const wal = checkWal({ timeline, from: startLsn, to: consistentLsn ?? stopLsn });
  const problems: BackupProblem[] = [];
  for await (const { path, data } of tarEntries(await repository.open(backup, 'pg_wal.tar', 'original'))) {
    if (/^[0-9A-F]{24}$/.test(path)) problems.push(...(await wal.segment(path, data)));
    else for await (const _chunk of data);
  }
  return [...problems, ...wal.missing()];
}
