import { BACKUP_OPTIONS } from '../backup/backup-options.ts';
import { makeBackup } from '../backup/make/make-backup.ts';
import { MAKE_OPTIONS } from '../backup/make/make-options.ts';
import { assertOptions, BACKUP_VERBS, chooseVerb } from '../backup/verbs.ts';
import { defineCommand } from '../command.ts';

const DESCRIPTION = `Makes a backup at every destination that is configured (HOLDFAST_BACKUPS) or named (--to), and reads every byte of it again; and looks
after those that are there. Of the embedded PostgreSQL it is a physical one of the whole cluster, for which nothing has to be
installed; of any other PostgreSQL 14 to 18 a logical one of the database, by its pg_dump; --engine chooses, also pgBackRest where it is
installed. The manifest says what every table held at the point of the backup: how many rows, and a checksum of all values. Ctrl-C
leaves nothing behind.

list shows them, as list-backups does. show ID has all that is known of one: when, of what server and database, its tables with
their rows, how it is stored, every validation. diff compares the row counts and checksums of a backup with the live database, or with
another backup. verify reads every stored byte and compares it with the manifest; with --level decode it also reads the files as a
restore would. drill restores it beside, compares every row with the manifest and examines every page, index and foreign key: only a
drilled backup is a proven one. Verify and drill keep their result beside the backup. prune removes what no rule keeps
(HOLDFAST_BACKUP_KEEP, or the rules given here), the WAL that nothing kept needs, and what killed runs left; never the last valid
backup. extract ID DIR unpacks one for pg_verifybackup, pg_restore or psql. copy brings backups to the destinations that lack them.

ID may be the beginning of an id; without one the newest is meant.`;

/** `holdfast backup`: makes one, or does something with those that are there. */
export const backup = defineCommand({
  usage: `[${Object.keys(BACKUP_VERBS).join('|')}] [ID]`,
  description: DESCRIPTION,
  maxPositionals: 3,
  options: { ...MAKE_OPTIONS, ...BACKUP_OPTIONS },
  examples: [
    ['holdfast backup', 'a compressed, validated backup of what this Holdfast runs on'],
    ['holdfast backup --validate drill', 'restored beside and compared, row by row, right after'],
    ['holdfast backup --to /mnt/usb --encrypt-to age1…', 'encrypted, to another place'],
    ['holdfast --database-url postgresql://me@db/shop backup', 'any PostgreSQL 14 to 18, by pg_dump'],
    ['holdfast --database-url postgresql://me@db/shop backup --plain --no-compress', 'one SQL script'],
    [
      'holdfast --database-url postgresql://postgres@db/shop backup --engine pgbackrest --jobs 4',
      'a whole cluster by pgBackRest, on its machine',
    ],
    ['holdfast backup show', 'everything about the newest'],
    ['holdfast backup diff', 'which live tables hold other rows than the newest backup'],
    ['holdfast backup diff 20261121 20261122', 'what changed between two backups'],
    ['holdfast backup verify --all', 'is every byte what was written?'],
    ['holdfast backup verify 20261121 --level decode', 'can the files be read as a restore reads them?'],
    ['holdfast backup drill', 'does the newest come back, row by row?'],
    ['holdfast backup prune --keep-daily 7 --keep-weekly 4 --dry-run', 'what would go'],
    [
      'holdfast backup prune --recovery-window 7d',
      'keep what it takes to go back to any moment of the last week',
    ],
    ['holdfast backup extract 20261121T133045Z-physical-k3f9 /tmp/data', 'for pg_verifybackup /tmp/data'],
    ['holdfast backup copy --all', 'after a destination was away'],
  ],
  exitStatus: [
    [0, 'done, and valid; list, show, verify, drill: everything is in order'],
    [
      1,
      'it failed, at one destination at least; verify, drill, list, show: something is damaged; diff: something differs; else refused',
    ],
    [2, 'a setting, an option or an argument is wrong'],
    [
      3,
      'no backup or drill can be made like this, the database does not answer, or a destination cannot be used',
    ],
    [130, 'interrupted by Ctrl-C (143 by SIGTERM, 129 by SIGHUP): nothing half-done is left'],
  ],
  run: async context => {
    const [name, ...args] = context.positionals;
    if (name === undefined) {
      assertOptions('backup', context.options, { ...MAKE_OPTIONS, jobs: true });
      return makeBackup(context);
    }
    return chooseVerb(name, args, context.options).run(context, args);
  },
});
