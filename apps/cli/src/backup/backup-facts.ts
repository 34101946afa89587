import { contentOf, type StoredBackup, surveyBackups } from '@holdfast/database/backup';
import type { BackupFacts } from '@holdfast/database/health';
import { findDatabaseName } from '../database-name.ts';
import type { Configuration } from '../env.ts';
import { openPlaces } from './backup-places.ts';

/**
 * What the health of backups needs to know, newest first; a backup counts as the best of its copies. Its tables are those of the
 * configured database, whichever others it holds.
 */
export async function readBackupFacts(configuration: Configuration): Promise<BackupFacts[]> {
  const { repositories } = await openPlaces(configuration);
  const database = await findDatabaseName(configuration);
  const { backups } = await surveyBackups(repositories);
  return backups.flatMap(({ manifest, copies }) => {
    const sound = copies.map(({ backup }) => backup).filter(isSound);
    const [best] = sound.toSorted((a, b) => rank(b) - rank(a));
    if (best === undefined) return [];
    const validation = strongest(best);
    return [
      {
        id: manifest.id,
        createdAt: manifest.createdAt,
        ...(manifest.label === undefined ? {} : { label: manifest.label }),
        bytes: best.bytes,
        ...(validation === undefined ? {} : { validation }),
        tables: (contentOf(manifest.databases, database)?.tables ?? []).flatMap(
          ({ schema, name, rows, checksum }) => (checksum === null ? [] : [{ schema, name, rows, checksum }]),
        ),
      },
    ];
  });
}

/** One that was found damaged is no backup, whatever it was before. */
function isSound({ validations }: StoredBackup): boolean {
  return validations.at(-1)?.result !== 'damaged';
}

const LEVELS = ['files', 'decode', 'drill'] as const;

function strongest({ validations }: StoredBackup): BackupFacts['validation'] {
  const valid = validations.filter(({ result }) => result === 'valid');
  const level = LEVELS.findLast(candidate => valid.some(validation => validation.level === candidate));
  const last = valid.findLast(validation => validation.level === level);
  return last === undefined ? undefined : { level: last.level, at: last.at };
}

function rank(backup: StoredBackup): number {
  const level = strongest(backup)?.level;
  return level === undefined ? -1 : LEVELS.indexOf(level);
}
