import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { HoldfastError } from '@holdfast/core';
import type { BackupRepository, StoredBackup } from '../../backup-repository.ts';
import type { BackupFile } from '../../manifest.ts';
import { originalPaths } from '../../store/open-file.ts';
import { STANZA } from './pgbackrest-command.ts';
import { REPOSITORY } from './store-repository.ts';

export interface FetchOptions {
  readonly repository: BackupRepository;
  readonly backup: StoredBackup;
  /** Made when the files have to be fetched. */
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
}

/**
 * The directory that holds pgBackRest's repository of a backup: where the backup lies, when programs can be pointed there, else
 * a copy. Every byte was read and compared with the manifest by then. @throws HoldfastError `backup_damaged`
 */
export async function fetchRepository(options: FetchOptions): Promise<string> {
  const { repository, backup, directory, signal } = options;
  const { destination } = repository;
  const { manifest } = backup;
  const inPlace = destination.directory !== undefined && manifest.encryption === null;
  for (const { file, originalPath } of originalPaths(manifest)) {
    if (!originalPath.startsWith(REPOSITORY)) continue;
    signal.throwIfAborted();
    if (inPlace) await readThrough(options, file);
    else await fetchOne(options, file, join(directory, originalPath.slice(REPOSITORY.length)));
  }
  if (inPlace && destination.directory !== undefined)
    return join(destination.directory, manifest.id, REPOSITORY);
  return directory;
}

async function readThrough({ repository, backup, onBytes }: FetchOptions, file: BackupFile): Promise<void> {
  for await (const chunk of await repository.open(backup, file.path, 'stored'))
    onBytes((chunk as Buffer).byteLength);
}

async function fetchOne(
  { repository, backup, onBytes }: FetchOptions,
  file: BackupFile,
  path: string,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const source = await repository.open(backup, file.path, 'original');
  source.on('data', (chunk: Buffer) => onBytes(chunk.byteLength));
  await pipeline(source, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
}

const LABEL = new RegExp(`^${REPOSITORY}backup/${STANZA}/([^/]+)/backup\\.manifest$`);

/** What pgBackRest calls the backup. */
export function labelOf({ manifest }: StoredBackup): string {
  for (const { originalPath } of originalPaths(manifest)) {
    const label = LABEL.exec(originalPath)?.[1];
    if (label !== undefined) return label;
  }
  throw new HoldfastError('backup_damaged', `Backup ${manifest.id} holds no backup.manifest of pgBackRest.`, {
    details: { id: manifest.id },
  });
}
