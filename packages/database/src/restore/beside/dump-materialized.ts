import { join } from 'node:path';
import { programConnection } from '../../backup/engines/programs/connection-environment.ts';
import { findProgram } from '../../backup/engines/programs/find-program.ts';
import { runProgram } from '../../backup/engines/programs/run-program.ts';
import type { DumpSource, LoadOptions } from '../logical/load-dump.ts';
import type { MaterializedBackup } from '../materialized-backup.ts';

/** Dumps one database of a restored physical backup, so that it can be loaded elsewhere. @throws `backup_not_possible` without pg_dump */
export async function dumpMaterialized(
  restored: MaterializedBackup,
  database: string,
  options: Pick<LoadOptions, 'programs' | 'jobs' | 'signal'> & { readonly directory: string },
): Promise<DumpSource> {
  const { programs, jobs, signal, directory } = options;
  const least = Math.floor(restored.manifest.server.versionNumber / 10_000);
  const { file } = await findProgram('pg_dump', programs, least);
  const { url, environment } = programConnection(restored.urlOf(database));
  const path = join(directory, 'converted');
  await runProgram({
    file,
    args: [
      `--dbname=${url}`,
      '--no-password',
      '--format=directory',
      '--compress=0',
      `--jobs=${jobs}`,
      `--file=${path}`,
    ],
    environment,
    signal,
  });
  return { kind: 'archive', path };
}
