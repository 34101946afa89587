import { createReadStream } from 'node:fs';
import { readdir, unlink } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { BackupWriter } from '../../backup-repository.ts';

/** Where the files of pgBackRest are in a backup. */
export const REPOSITORY = 'pgbackrest/';

/** Copies of manifests for an overview of backups that are gone; nothing needs them. */
const NOT_KEPT = /^backup\/[^/]+\/backup\.history\//;

/** Stores a repository of pgBackRest as it is, file by file, and removes each file that was stored. Links are left out: nothing needs them. */
export async function storeRepository(
  directory: string,
  writer: BackupWriter,
  signal: AbortSignal,
): Promise<void> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter(entry => entry.isFile())
    .map(entry => relative(directory, join(entry.parentPath, entry.name)))
    .filter(path => !NOT_KEPT.test(path));
  for (const path of paths.sort()) {
    signal.throwIfAborted();
    const file = join(directory, path);
    await writer.write(`${REPOSITORY}${path}`, createReadStream(file, { signal }), 'stored');
    await unlink(file);
  }
}
