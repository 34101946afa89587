import { join } from 'node:path';
import { errorMessage, isHoldfastError } from '@holdfast/core';
import type { BackupRepository, StoredBackup } from '../../backup-repository.ts';
import type { BackupProblem } from '../../manifest.ts';
import { inWorkDirectory } from '../../store/work-directory.ts';
import type { LogicalOptions } from '../logical/take-logical.ts';
import { fetchRepository, labelOf } from '../pgbackrest/fetch-repository.ts';
import { findPgbackrest } from '../pgbackrest/find-pgbackrest.ts';
import { pgbackrestCommand } from '../pgbackrest/pgbackrest-command.ts';
import { outputLines } from '../programs/output-lines.ts';
import { checkStoredWal } from './check-stored-wal.ts';

/**
 * Reads every byte of a backup by pgBackRest: what is stored against our manifest, then by its own `verify` against the checksum
 * that it noted of each file while it copied the cluster; and the WAL must be there without a gap.
 * @throws HoldfastError `backup_not_possible` when there is no pgBackRest here
 */
export async function decodePgbackrest(
  { programs, workDirectory }: LogicalOptions,
  repository: BackupRepository,
  backup: StoredBackup,
): Promise<readonly BackupProblem[]> {
  const { file: program } = await findPgbackrest(programs);
  const { signal } = new AbortController();
  return inWorkDirectory(workDirectory, 'decode-', async directory => {
    try {
      const label = labelOf(backup);
      const fetched = await fetchRepository({
        repository,
        backup,
        directory: join(directory, 'repository'),
        signal,
        onBytes: () => undefined,
      });
      return [
        ...(await verifyByPgbackrest(program, fetched, label, signal)),
        ...(await checkStoredWal(repository, backup)),
      ];
    } catch (error) {
      return [undecodable(error, backup.manifest.id)];
    }
  });
}

/** Its exit status is 0 whatever it finds, also when it finds no backup at all: what it says must say that all is well. */
async function verifyByPgbackrest(
  program: string,
  repository: string,
  label: string,
  signal: AbortSignal,
): Promise<BackupProblem[]> {
  const lines: string[] = [];
  const args = ['--output=text', '--verbose'];
  for await (const line of outputLines(pgbackrestCommand('verify', { program, repository, signal }, args)))
    lines.push(line);
  const found = lines.map(findingOf).filter(finding => finding !== undefined);
  const isValid =
    lines.some(line => isWhole(line, label)) && lines.some(line => /^\s*status: ok$/.test(line));
  if (isValid || found.length > 0) return found;
  const said = lines.filter(line => !/ (?:INFO|DETAIL):/.test(line)).join(' ');
  return [{ code: 'does_not_decode', subject: label, message: `pgBackRest does not call it valid: ${said}` }];
}

/** `INFO: invalid checksum '20261121-164653F/pg_data/base/5/1247.zst'` */
function findingOf(line: string): BackupProblem | undefined {
  const [, what, path] = /INFO: (invalid \w+|file missing|.*error.*?) '(.+)'/.exec(line) ?? [];
  if (what === undefined || path === undefined) return undefined;
  return {
    code: what === 'file missing' ? 'missing_file' : 'does_not_decode',
    subject: path,
    message: `pgBackRest: ${what}`,
  };
}

function isWhole(line: string, label: string): boolean {
  const [, name, checked, valid] =
    /backup: (\S+), status: valid, total files checked: (\d+), total valid files: (\d+)/.exec(line) ?? [];
  return name === label && Number(checked) > 0 && checked === valid;
}

function undecodable(error: unknown, subject: string): BackupProblem {
  if (isHoldfastError(error) && error.code !== 'backup_damaged' && error.code !== 'backup_failed')
    throw error;
  const details = isHoldfastError(error) ? error.details : undefined;
  const path = typeof details?.path === 'string' ? details.path : subject;
  return { code: 'does_not_decode', subject: path, message: errorMessage(error) };
}
