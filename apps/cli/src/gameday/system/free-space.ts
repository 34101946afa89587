import { lstat, readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '@holdfast/core';

/** The copy, a backup of it, a restored one beside, the replaced ones and WAL. */
const COPIES = 6;
const LEAST_BYTES = 1_500_000_000;
const MEGABYTE = 1_000_000;

/** Throws `internal` with the numbers when a game day on so many bytes would not fit there. */
export async function requireSpace(directory: string, databaseBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  const needed = Math.max(LEAST_BYTES, databaseBytes * COPIES);
  if (free >= needed) return;
  throw new HoldfastError(
    'backup_not_possible',
    `A game day needs about ${megabytes(needed)} in ${directory}, and ${megabytes(free)} are free. Name another place with --place`,
    { details: { directory, needed, free } },
  );
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / MEGABYTE)} MB`;
}

/** The size of everything in a directory; what vanishes meanwhile counts nothing. */
export async function directoryBytes(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    entries
      .filter(entry => entry.isFile())
      .map(entry =>
        lstat(join(entry.parentPath, entry.name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
