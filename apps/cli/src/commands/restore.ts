import { HoldfastError } from '@holdfast/core';
import { assertDecryptable } from '@holdfast/database/backup';
import { openPlaces } from '../backup/backup-places.ts';
import { interruptible } from '../backup/interruptible.ts';
import { defineCommand } from '../command.ts';
import type { Configuration } from '../env.ts';
import type { ExitCode } from '../exit-codes.ts';
import { dumpOfBackup, dumpOfFile, dumpPath } from '../restore/find-dump.ts';
import { findOrigin } from '../restore/find-origin.ts';
import { forgetReplaced, listReplaced } from '../restore/replaced.ts';
import { replacedDatabases, restoreDump, undoDump } from '../restore/restore-dump.ts';
import { restoreEmbedded, undoEmbedded } from '../restore/restore-embedded.ts';
import { RESTORE_OPTIONS, type RestoreContext, targetOf } from '../restore/restore-options.ts';
import { checkTableOptions } from '../restore/restore-tables.ts';
import { restoreTablesOfBackup, undoTables } from '../restore/tables-of-backup.ts';
import { isTableRestoreId } from '../restore/undo-tables.ts';

const DESCRIPTION = `Brings a backup back, whole. It is restored beside the database of now, which goes on serving, compared with its manifest and
examined: every row, page, index and foreign key. Only then it takes over, within seconds: the API server and PostgreSQL are
stopped, the time that was lost and the sessions that ended in it are recorded in the restored database, so that nobody is logged out and nothing
that was ended comes back, and the data directories are switched. The former one is kept: --undo brings it back.

Killed at any moment, the former database is in service, or the restored one; the next start finishes what is left.

Without a target the backup's own point is restored. With one, recovery goes on from the newest backup before it through the WAL archive.
With a keeper running, it does the switch; without one this command does.

With DATABASE_URL or --database-url, and for dumps (logical backups, and files that pg_dump wrote, compressed or not), a new database is made on the
server of now, loaded, compared and told what was lost; then it takes the name of the present one, in one transaction.

With --table single tables or rows come back into the database that is in use, also one at --database-url, in one transaction; later writes
elsewhere stay.`;

/** `holdfast restore`: the way back. */
export const restore = defineCommand({
  usage: '[ID|latest|FILE]',
  description: DESCRIPTION,
  maxPositionals: 1,
  options: RESTORE_OPTIONS,
  examples: [
    ['holdfast restore --plan', 'what the newest backup would bring back, and what would be lost'],
    ['holdfast restore --yes', 'the newest backup'],
    ['holdfast restore 20261121T133045Z-physical-k3f9 --yes', 'that backup'],
    ['holdfast restore --to-time 2026-11-21T13:29:00Z --yes', 'as it was at that moment'],
    ['holdfast restore --to-time latest --yes', 'everything that the WAL archive has'],
    ['holdfast restore --before-transaction 48213 --yes', 'just before the transaction that did the damage'],
    ['holdfast restore backups/backup_20240121_143022.sql.gz --yes', 'a file that pg_dump wrote'],
    ['holdfast restore --database-url URL latest --yes', 'on any PostgreSQL'],
    ['holdfast restore --undo --yes', 'back to the database from before'],
    ['holdfast restore --table orders', 'which rows of one table are missing; with --yes, bring them back'],
    [
      'holdfast restore --table users --rows "email like \'%@x.org\'" --mode overwrite --yes',
      'some rows as they were',
    ],
    ['holdfast restore 20261121T133045Z-tables-k3f9 --undo --yes', 'take such a restore of tables back'],
    ['holdfast restore --forget all --yes', 'free the space of the replaced databases'],
  ],
  exitStatus: [
    [0, 'done; with --plan or --list, shown, and nothing stands in its way'],
    [1, 'not done for lack of --yes, refused, or failed: the database is the one of before'],
    [
      2,
      'a setting or an option is wrong, or what it names is not there: a backup, a file, a table, a column',
    ],
    [3, 'the database, a lock or the place of the backups was not to be had'],
    [
      130,
      'interrupted by Ctrl-C (143 by SIGTERM, 129 by SIGHUP): nothing half-done is left; the message says so when the restored database has taken over',
    ],
  ],
  run: context => interruptible(context.environment, signal => run(context, signal)),
});

async function run(context: RestoreContext, signal: AbortSignal): Promise<ExitCode> {
  const { options, positionals } = context;
  const configuration = context.configuration();
  if (options.undo === true && isTableRestoreId(positionals[0] ?? '')) {
    return undoTables(context, configuration);
  }
  checkTableOptions(options);
  const onReplaced = (['undo', 'list', 'forget'] as const).find(name => options[name] !== undefined);
  if (options.table !== undefined) {
    if (onReplaced !== undefined)
      throw new HoldfastError('usage', `--table and --${onReplaced} do not go together.`);
    return restoreTablesOfBackup(context, configuration, signal);
  }
  if (onReplaced !== undefined) {
    assertNoBackup(onReplaced, positionals);
    return runOnReplaced(context, configuration, signal);
  }
  return restoreWhole(context, configuration, signal);
}

/** Whoever names a backup there means something else than what would be done. */
function assertNoBackup(option: string, [id]: readonly string[]): void {
  if (id === undefined) return;
  const what =
    option === 'undo'
      ? 'takes the last restore of a whole database back, or one of tables by its id (…-tables-…)'
      : 'is about what restores have replaced';
  throw new HoldfastError('usage', `--${option} ${what}; ${JSON.stringify(id)} is none.`);
}

/** What a restore has replaced is a directory; of a database that was loaded on its server it is a database there. */
async function runOnReplaced(
  context: RestoreContext,
  configuration: Configuration,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { options, terminal } = context;
  const isLoaded = configuration.settings.databaseUrl !== undefined || options.dump === true;
  if (options.undo === true) {
    return isLoaded ? undoDump(context, configuration, signal) : undoEmbedded(context, configuration, signal);
  }
  if (isLoaded) return replacedDatabases(context, configuration);
  return options.forget === undefined
    ? listReplaced(configuration, terminal)
    : forgetReplaced(configuration, terminal, { id: options.forget, context });
}

async function restoreWhole(
  context: RestoreContext,
  configuration: Configuration,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { options, positionals } = context;
  const file = dumpPath(context);
  if (file !== undefined) return restoreDump(context, configuration, await dumpOfFile(file, context), signal);
  const places = await openPlaces(configuration, { options });
  const origin = await findOrigin(places, positionals[0], targetOf(options));
  await assertDecryptable(origin.repository, origin.backup);
  const isEmbedded = configuration.settings.databaseUrl === undefined;
  if (isEmbedded && origin.backup.manifest.engine !== 'logical') {
    return restoreEmbedded(context, configuration, { places, origin }, signal);
  }
  const dump = dumpOfBackup(context, configuration, { places, origin }, signal);
  return restoreDump(context, configuration, dump, signal);
}
