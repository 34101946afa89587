import { resolve } from 'node:path';
import type { BackupEngineName } from '@holdfast/database/backup';
import { extractBackup } from '@holdfast/database/restore';
import type { ExitCode } from '../exit-codes.ts';
import { formatBytes } from '../migrate/text.ts';
import { programPlaces } from '../restore/program-places.ts';
import { jobsOf } from '../restore/restore-options.ts';
import type { BackupContext } from './backup-options.ts';
import { openPlaces } from './backup-places.ts';
import { interruptible } from './interruptible.ts';
import { findEverywhere } from './show.ts';

const HINTS: Readonly<Record<BackupEngineName, (directory: string) => string>> = {
  physical: directory => `pg_verifybackup ${directory}`,
  logical: directory => `pg_restore -l ${directory}, or psql -f for a dump in plain SQL`,
  pgbackrest: directory => `pg_controldata ${directory}; it is a data directory that PostgreSQL starts on`,
};

/** `holdfast backup extract ID DIR`: for pg_verifybackup, pg_restore, psql, or a look inside. */
export async function runExtract(
  { options, configuration, environment, terminal }: BackupContext,
  [id = '', target = '']: readonly string[],
): Promise<ExitCode> {
  const { repositories } = await openPlaces(configuration(), { options });
  const { manifest, copies } = await findEverywhere(repositories, id);
  const directory = resolve(environment.cwd, target);
  let bytes = 0;
  const [copy] = copies;
  if (copy === undefined) return 3;
  terminal.progress(`unpacking ${manifest.id} of ${copy.repository.destination.name} to ${directory}`);
  await interruptible(environment, signal =>
    extractBackup({
      ...copy,
      programs: programPlaces(configuration(), environment),
      jobs: jobsOf(options),
      directory,
      signal,
      onBytes: more => {
        bytes += more;
      },
    }),
  );
  const hint = HINTS[manifest.engine](directory);
  terminal.result({ id: manifest.id, directory, bytes }, () =>
    [`${manifest.id} is in ${directory}, ${formatBytes(bytes)}.`, `Look at it with: ${hint}`].join('\n'),
  );
  return 0;
}
