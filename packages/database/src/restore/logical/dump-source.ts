import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import type { BackupRepository, StoredBackup } from '../../backup/backup-repository.ts';
import { originalPaths } from '../../backup/store/open-file.ts';
import { entryPath, type UnpackOptions, writeOwnedFile } from '../physical/unpack-tar.ts';
import type { DumpSource } from './load-dump.ts';

/** The dump of a logical backup, copied to a directory when pg_restore has to read it from there. */
export async function fetchDump(
  repository: BackupRepository,
  backup: StoredBackup,
  options: UnpackOptions,
): Promise<DumpSource> {
  const { manifest } = backup;
  const known = originalPaths(manifest);
  const plain = known.find(({ originalPath }) => originalPath === 'dump.sql');
  if (plain !== undefined) {
    return { kind: 'plain', open: () => repository.open(backup, plain.file.path, 'original') };
  }
  const files = known.filter(({ originalPath }) => originalPath.startsWith('dump/'));
  if (files.length === 0) {
    throw new HoldfastError('restore_failed', `Backup ${manifest.id} holds neither dump/ nor dump.sql`);
  }
  for (const { file, originalPath } of files) {
    options.signal.throwIfAborted();
    const path = entryPath(options.directory, originalPath);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeOwnedFile(path, () => repository.open(backup, file.path, 'original'), options);
  }
  return { kind: 'archive', path: join(options.directory, 'dump') };
}
