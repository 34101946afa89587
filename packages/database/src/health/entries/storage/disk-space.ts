import { readdir, realpath, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage } from '@holdfast/core';

/** One file system that the cluster writes to. */
export interface DiskPlace {
  /** `data`, `wal`, or a tablespace by its number. */
  readonly holds: string;
  readonly path: string;
  readonly usedPercent: number;
  readonly freeBytes: number;
  readonly usedInodesPercent: number;
}

/**
 * The file systems of a data directory, of its WAL and of its tablespaces; what lies on one file system is one place. A number of
 * percent is what an ordinary user sees, as `df` says it: what is kept for root counts as used.
 */
export async function readDiskPlaces(
  dataDirectory: string,
): Promise<{ readonly places: DiskPlace[] } | { readonly why: string }> {
  try {
    const byDevice = new Map<number, DiskPlace>();
    for (const { holds, path } of await pathsOf(dataDirectory)) {
      const { dev } = await stat(path);
      if (!byDevice.has(dev)) byDevice.set(dev, await measure(holds, path));
    }
    return { places: [...byDevice.values()] };
  } catch (error) {
    return { why: `the data directory cannot be looked at: ${errorMessage(error)}` };
  }
}

async function pathsOf(dataDirectory: string): Promise<{ holds: string; path: string }[]> {
  const tablespaces = join(dataDirectory, 'pg_tblspc');
  const names = await readdir(tablespaces).catch(() => []);
  return [
    { holds: 'data', path: dataDirectory },
    { holds: 'wal', path: await realpath(join(dataDirectory, 'pg_wal')) },
    ...(await Promise.all(
      names.map(async name => ({
        holds: `tablespace ${name}`,
        path: await realpath(join(tablespaces, name)),
      })),
    )),
  ];
}

async function measure(holds: string, path: string): Promise<DiskPlace> {
  const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(path);
  const used = blocks - bfree;
  return {
    holds,
    path,
    usedPercent: percent(used, used + bavail),
    freeBytes: bavail * bsize,
    usedInodesPercent: percent(files - ffree, files),
  };
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 1_000) / 10;
}
