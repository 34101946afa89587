import { chown, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import type { BackupRepository, StoredBackup } from '../../backup/backup-repository.ts';
import type { BackupFile, BackupManifest } from '../../backup/manifest.ts';
import { originalPaths } from '../../backup/store/open-file.ts';
import { type PgbackrestRestoreOptions, restorePgbackrest } from './restore-pgbackrest.ts';
import { entryPath, makeDirectory, type UnpackOptions, unpackTar, writeOwnedFile } from './unpack-tar.ts';

/** Directories that PostgreSQL expects and that are empty in a copy; a backup of files alone does not hold them. */
const EMPTY = [
  'global',
  'pg_commit_ts',
  'pg_dynshmem',
  'pg_logical/mappings',
  'pg_logical/snapshots',
  'pg_multixact/members',
  'pg_multixact/offsets',
  'pg_notify',
  'pg_replslot',
  'pg_serial',
  'pg_snapshots',
  'pg_stat',
  'pg_stat_tmp',
  'pg_subtrans',
  'pg_tblspc',
  'pg_twophase',
  'pg_wal/archive_status',
  'pg_xact',
];

/** What belongs to the server that was copied and not to the copy. */
const FOREIGN = ['postmaster.pid', 'postmaster.opts', 'standby.signal'];

export type UnpackBackupOptions = PgbackrestRestoreOptions;

/** Makes the data directory of a backup of a whole cluster, with the WAL that it holds itself, ready for recovery. */
export async function unpackBackup(
  repository: BackupRepository,
  backup: StoredBackup,
  options: UnpackBackupOptions,
): Promise<void> {
  const { directory, owner } = options;
  await mkdir(directory, { mode: 0o700 });
  if (owner !== undefined) await chown(directory, owner.uid, owner.gid);
  await unpackFiles(repository, backup, options);
  const made = new Set<string>();
  for (const name of EMPTY) await makeDirectory(join(directory, name), options, made);
  await Promise.all(FOREIGN.map(name => rm(join(directory, name), { force: true })));
  const signal = join(directory, 'recovery.signal');
  await writeFile(signal, '', { mode: 0o600 });
  if (owner !== undefined) await chown(signal, owner.uid, owner.gid);
}

function fileCalled(name: string, manifest: BackupManifest): BackupFile | undefined {
  return originalPaths(manifest).find(({ originalPath }) => originalPath === name)?.file;
}

async function unpackFiles(
  repository: BackupRepository,
  backup: StoredBackup,
  options: UnpackBackupOptions,
): Promise<void> {
  const base = fileCalled('base.tar', backup.manifest);
  if (backup.manifest.engine === 'pgbackrest') {
    await restorePgbackrest(repository, backup, options);
    await unpackWal(repository, backup, options);
  } else if (base !== undefined) {
    await unpackTar(await repository.open(backup, base.path, 'original'), options);
    await unpackWal(repository, backup, options);
  } else await copyFiles(repository, backup, options);
}

async function unpackWal(
  repository: BackupRepository,
  backup: StoredBackup,
  options: UnpackOptions,
): Promise<void> {
  const { manifest } = backup;
  const wal = fileCalled('pg_wal.tar', manifest);
  if (wal === undefined) return;
  const directory = join(options.directory, 'pg_wal');
  await makeDirectory(directory, options, new Set());
  await unpackTar(await repository.open(backup, wal.path, 'original'), { ...options, directory });
}

async function copyFiles(
  repository: BackupRepository,
  backup: StoredBackup,
  options: UnpackOptions,
): Promise<void> {
  const made = new Set<string>();
  const files = originalPaths(backup.manifest).flatMap(({ file, originalPath: name }) =>
    name.startsWith('data/') ? [{ file, name: name.slice('data/'.length) }] : [],
  );
  if (files.length === 0) {
    const message = `Backup ${backup.manifest.id} holds neither base.tar nor data/: it is no physical backup that can be unpacked`;
    throw new HoldfastError('restore_failed', message);
  }
  for (const { file, name } of files) {
    options.signal.throwIfAborted();
    const path = entryPath(options.directory, name);
    await makeDirectory(dirname(path), options, made);
    await writeOwnedFile(path, () => repository.open(backup, file.path, 'original'), options);
  }
}
