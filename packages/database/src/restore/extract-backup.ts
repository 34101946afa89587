import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorMessage, HoldfastError, isHoldfastError } from '@holdfast/core';
import { makeDirectory } from '@holdfast/postgres';
import type { BackupRepository, StoredBackup } from '../backup/backup-repository.ts';
import type { ProgramPlaces } from '../backup/engines/programs/find-program.ts';
import { originalPaths } from '../backup/store/open-file.ts';
import { type UnpackBackupOptions, unpackBackup } from './physical/unpack-backup.ts';
import { entryPath, type UnpackOptions, writeOwnedFile } from './physical/unpack-tar.ts';

export interface ExtractOptions {
  readonly repository: BackupRepository;
  readonly backup: StoredBackup;
  /** Does not exist, or is empty. */
  readonly directory: string;
  /** Where pgBackRest is, for what it made. */
  readonly programs: ProgramPlaces;
  readonly jobs: number;
  readonly signal: AbortSignal;
  onBytes(bytes: number): void;
}

const DUMP = 'dump/';

/**
 * Unpacks a backup for other programs: a physical one to a data directory that pg_verifybackup accepts and PostgreSQL starts
 * on, a logical one to the files that pg_restore or psql read. The directory appears when all of it is there.
 * @throws HoldfastError `restore_refused` when the directory has something in it, `backup_damaged`, `restore_failed`.
 */
export async function extractBackup(options: ExtractOptions): Promise<void> {
  const { directory, backup, repository, signal, onBytes } = options;
  await requireEmpty(directory);
  const unfinished = `${directory}.${randomBytes(4).toString('hex')}.partial`;
  const unpack: UnpackOptions = { directory: unfinished, owner: undefined, signal, onBytes };
  try {
    await makeDirectory(dirname(unfinished));
    if (backup.manifest.point.kind === 'physical')
      await extractPhysical(repository, backup, { ...options, ...unpack, tablespaces: 'refused' });
    else await extractDump(repository, backup, unpack);
    await rmdir(directory).catch(ignoreMissing);
    await rename(unfinished, directory);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    if (isHoldfastError(error) || signal.aborted) throw error;
    throw new HoldfastError(
      'restore_failed',
      `The backup cannot be unpacked to ${directory}: ${errorMessage(error)}.`,
      {
        cause: error,
      },
    );
  }
}

async function requireEmpty(directory: string): Promise<void> {
  const there = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new HoldfastError(
      'restore_refused',
      `${directory} is not a directory that can be used: ${error.message}.`,
    );
  });
  if (there.length === 0) return;
  throw new HoldfastError(
    'restore_refused',
    `${directory} is not empty. Name a directory that does not exist yet.`,
  );
}

async function extractPhysical(
  repository: BackupRepository,
  backup: StoredBackup,
  unpack: UnpackBackupOptions,
): Promise<void> {
  await unpackBackup(repository, backup, unpack);
  // Without a command that fetches WAL PostgreSQL does not start with it; the backup has the WAL that it needs.
  await rm(join(unpack.directory, 'recovery.signal'));
  const manifest = originalPaths(backup.manifest).find(
    ({ originalPath }) => originalPath === 'backup_manifest',
  );
  if (manifest === undefined) return;
  const path = join(unpack.directory, 'backup_manifest');
  await rm(path, { force: true });
  await writeOwnedFile(path, () => repository.open(backup, manifest.file.path, 'original'), unpack);
}

async function extractDump(
  repository: BackupRepository,
  backup: StoredBackup,
  unpack: UnpackOptions,
): Promise<void> {
  await mkdir(unpack.directory, { mode: 0o700 });
  for (const { file, originalPath } of originalPaths(backup.manifest)) {
    unpack.signal.throwIfAborted();
    const name = originalPath.startsWith(DUMP) ? originalPath.slice(DUMP.length) : originalPath;
    const path = entryPath(unpack.directory, name);
    await makeDirectory(dirname(path), 0o700);
    await writeOwnedFile(path, () => repository.open(backup, file.path, 'original'), unpack);
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
