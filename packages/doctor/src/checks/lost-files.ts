import type { Check } from '../engine/index.ts';
import type { Sightings } from '../sightings.ts';
import { checkOf, fail, type Judgement, pass, sawOf, unknown } from './judge.ts';

const CHECK = checkOf({
  id: 'database.files',
  layer: 'database',
  title: 'No database is known to have lost its files',
  from: 'database.cluster',
  judge: judgeFiles,
});

/** From elsewhere a PostgreSQL that refuses connections looks the same with its files and without; any other answer comes from one that has them. */
export const FILES_CHECK: Check = {
  ...CHECK,
  evaluate: view => {
    const port = sawOf(view, 'database.port');
    if (view.has('database.cluster') || port === undefined) return CHECK.evaluate(view);
    const judgement = port.result === 'refused' ? UNSEEN : NONE;
    return [{ ...judgement, evidence: ['database.port'] }];
  },
};

const UNSEEN = unknown('its files are not on this machine, or not known here');
const NONE = pass('none is');

/** Another system has a directory that its configuration may name wrongly: nothing is concluded from that. */
function judgeFiles({ directory, lost }: Sightings['database.cluster']): Judgement {
  if (directory !== undefined) return NONE;
  if (lost === undefined) return pass('they are there');
  const detail = `there is no database in ${lost.directory} any more, although cluster.json knows of it`;
  return { ...fail(`${detail}; ${backupText(lost.lastBackup)}`), remedy: remedyFor(lost.lastBackup) };
}

function backupText(lastBackup: string | null | undefined): string {
  if (lastBackup === undefined) return 'which backups there are could not be seen';
  return lastBackup === null ? 'no backup is known here' : `the last backup is of ${lastBackup}`;
}

/** From the directory or the backup that is left, to an empty database; undefined where backups could not be seen. */
function remedyFor(lastBackup: string | null | undefined): readonly string[] {
  const restore = [
    '-- otherwise bring back what the backups and their WAL have:',
    'holdfast restore --to-time latest --plan # what would come back, and as of when',
    'holdfast restore --to-time latest --yes',
    '-- then, where Holdfast does not run: holdfast start',
  ];
  const elsewhere = [
    '-- look for a copy of the directory (of the disk, of the machine) and put it back, then: holdfast start',
    '-- look for backups in other places: holdfast list-backups --destination DIR; with one: holdfast restore --destination DIR --to-time latest --yes',
    '-- when there is nothing at all, what was in the database is lost. Move cluster.json out of the state directory, and holdfast start begins with an empty one',
  ];
  if (lastBackup === undefined)
    return ['-- see which backups there are:', 'holdfast list-backups', ...restore, ...elsewhere];
  return lastBackup === null ? elsewhere : restore;
}
