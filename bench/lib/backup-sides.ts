import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type BackupBench, DATABASE } from './backup-bench.ts';

/** One way to do it; what is left in the directory is removed afterwards, outside of the measurement. */
export interface Way {
  readonly name: string;
  run(directory: string): Promise<unknown>;
  /** What has to be put right before the next one, also not measured. */
  after?(): Promise<unknown>;
}

export const BACKUPS = {
  zstd: 'holdfast backup, physical, zstd, with checksums',
  gzip: 'holdfast backup, physical, gzip, with checksums',
  plain: 'holdfast backup, physical, uncompressed, with checksums',
  logical: 'holdfast backup, logical, gzip, with checksums',
  baseZstd: 'pg_basebackup, zstd 3',
  baseZstdThreads: 'pg_basebackup, zstd 3, two threads',
  baseGzip: 'pg_basebackup, gzip 6',
  basePlain: 'pg_basebackup, uncompressed',
  dump: 'pg_dump -Fd -j 2, gzip',
  pgbackrest: 'pgbackrest backup, zstd 3, two processes, with archiving',
} as const;

/** Beyond this gzip alone would take minutes. */
const GZIP_MEGABYTES = 400;

export function backupWays(bench: BackupBench): Way[] {
  const holdfast = (engine: string, ...more: readonly string[]) => {
    return (directory: string) => {
      const args = ['backup', '--engine', engine, '--to', directory, '--no-validate', ...more];
      return bench.holdfast(...args, '--database-url', bench.url);
    };
  };
  const base = (form: string, compression: string) => (directory: string) =>
    bench.client(
      'pg_basebackup',
      ...['-D', join(directory, 'base'), `-F${form}`, '-X', 'stream', '-c', 'fast'],
      `--compress=${compression}`,
    );
  const gzip = [
    { name: BACKUPS.gzip, run: gzipped(holdfast('physical')) },
    { name: BACKUPS.baseGzip, run: base('t', 'client-gzip:6') },
  ];
  return [
    { name: BACKUPS.zstd, run: holdfast('physical') },
    { name: BACKUPS.baseZstd, run: base('t', 'client-zstd:3') },
    { name: BACKUPS.baseZstdThreads, run: base('t', 'client-zstd:level=3,workers=2') },
    { name: BACKUPS.pgbackrest, run: () => bench.pgbackrest.backup(bench.server.port) },
    { name: BACKUPS.plain, run: holdfast('physical', '--no-compress') },
    { name: BACKUPS.basePlain, run: base('p', 'none') },
    ...(bench.megabytes <= GZIP_MEGABYTES ? gzip : []),
    { name: BACKUPS.logical, run: holdfast('logical') },
    { name: BACKUPS.dump, run: directory => dump(bench, join(directory, 'dump')) },
  ];
}

export function dump(bench: BackupBench, directory: string): Promise<unknown> {
  return bench.client('pg_dump', '-Fd', '-j', '2', '-f', directory, DATABASE);
}

/** The compression is a setting of the system. */
function gzipped(run: (directory: string) => Promise<unknown>): (directory: string) => Promise<unknown> {
  return async directory => {
    process.env.HOLDFAST_BACKUP_COMPRESSION = 'gzip';
    try {
      return await run(directory);
    } finally {
      delete process.env.HOLDFAST_BACKUP_COMPRESSION;
    }
  };
}

export async function removeAll(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
}
