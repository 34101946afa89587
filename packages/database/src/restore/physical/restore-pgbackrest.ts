import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage, HoldfastError, isHoldfastError } from '@holdfast/core';
import { changeOwner } from '@holdfast/postgres/cluster';
import type { BackupRepository, StoredBackup } from '../../backup/backup-repository.ts';
import { fetchRepository, labelOf } from '../../backup/engines/pgbackrest/fetch-repository.ts';
import { findPgbackrest } from '../../backup/engines/pgbackrest/find-pgbackrest.ts';
import { pgbackrestCommand, progressOf } from '../../backup/engines/pgbackrest/pgbackrest-command.ts';
import type { ProgramPlaces } from '../../backup/engines/programs/find-program.ts';
import { outputLines } from '../../backup/engines/programs/output-lines.ts';
import type { UnpackOptions } from './unpack-tar.ts';

export interface PgbackrestRestoreOptions extends UnpackOptions {
  readonly programs: ProgramPlaces;
  readonly jobs: number;
  /** `beside`: next to the directory, as `<directory>.tablespaces`. `refused`: the directory is going to be moved. */
  readonly tablespaces: 'beside' | 'refused';
}

/**
 * Lets pgBackRest restore the files of a backup into a directory that exists and is empty; the WAL is not among them.
 * @throws HoldfastError `backup_not_possible` without a pgBackRest, `backup_damaged`, `restore_failed`, `restore_refused` for
 *   tablespaces
 */
export async function restorePgbackrest(
  repository: BackupRepository,
  backup: StoredBackup,
  options: PgbackrestRestoreOptions,
): Promise<void> {
  const { directory, owner, signal, programs, jobs } = options;
  const { file: program } = await findPgbackrest(programs);
  const work = `${directory}.pgbackrest`;
  const tablespaces = `${directory}.tablespaces`;
  await mkdir(work, { mode: 0o700 });
  try {
    const fetched = await fetchRepository({
      repository,
      backup,
      directory: join(work, 'repository'),
      signal,
      onBytes: () => undefined,
    });
    const run = { program, repository: fetched, lockDir: join(work, 'lock'), signal };
    await restoreFiles(backup, options, run, [
      `--pg1-path=${directory}`,
      `--set=${labelOf(backup)}`,
      '--type=none',
      `--process-max=${jobs}`,
      `--tablespace-map-all=${tablespaces}`,
    ]);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  const linked = await readdir(join(directory, 'pg_tblspc'));
  if (linked.length > 0 && options.tablespaces === 'refused') {
    await rm(tablespaces, { recursive: true, force: true });
    throw new HoldfastError(
      'restore_refused',
      `Backup ${backup.manifest.id} has tablespaces, which would stay behind when its directory is moved. Restore it beside another database with --database-url, or drill it.`,
    );
  }
  if (owner === undefined) return;
  // as root it gives everything to the names that the files had
  for (const path of [directory, ...(linked.length > 0 ? [tablespaces] : [])])
    await changeOwner(path, owner.uid, owner.gid);
}

async function restoreFiles(
  { manifest }: StoredBackup,
  { onBytes }: PgbackrestRestoreOptions,
  run: Parameters<typeof pgbackrestCommand>[1],
  args: readonly string[],
): Promise<void> {
  const total = manifest.databases.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  try {
    for await (const line of outputLines(pgbackrestCommand('restore', run, args))) {
      const reached = Math.round((progressOf(line) ?? 0) * total);
      if (reached <= done) continue;
      onBytes(reached - done);
      done = reached;
    }
  } catch (error) {
    if (!isHoldfastError(error, 'backup_failed')) throw error;
    const message = `Backup ${manifest.id} could not be restored by pgBackRest: ${errorMessage(error)}`;
    throw new HoldfastError('restore_failed', message, { cause: error });
  }
}
