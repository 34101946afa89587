import { PLACE_OPTIONS } from '../backup/backup-options.ts';
import { runList } from '../backup/list.ts';
import { defineCommand } from '../command.ts';

export const LIST_EXIT_STATUS = [
  [0, 'listed, and nothing of it is known to be damaged'],
  [1, 'listed; a backup is damaged or has no usable manifest, or a destination cannot be reached'],
  [2, 'a setting or an option is wrong'],
  [3, 'no destination can be reached'],
] as const;

/** `holdfast list-backups`, by its old name. */
export const listBackups = defineCommand({
  usage: '',
  description:
    'Shows every backup, newest first: id, age, size, compression, databases, and for each destination whether it is there and when it was last validated; below them the WAL from which any moment in between can be restored, and what is no backup: unfinished ones and those without a usable manifest. Holdfast keeps backups in the backups directory of the state directory unless HOLDFAST_BACKUPS names others.',
  options: PLACE_OPTIONS,
  examples: [
    ['holdfast list-backups', 'what there is'],
    ['holdfast list-backups --json | jq -r ".backups[0].id"', 'the id of the newest'],
    ['holdfast list-backups --destination /mnt/old-backups', 'those in another directory'],
  ],
  exitStatus: LIST_EXIT_STATUS,
  run: runList,
});
