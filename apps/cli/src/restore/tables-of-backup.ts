import { HoldfastError } from '@holdfast/core';
import { contentOf } from '@holdfast/database/backup';
import { type MaterializedBackup, materializeBackup } from '@holdfast/database/restore';
import { unknownTables } from '@holdfast/database/restore/tables';
import { readRevocations } from '@holdfast/keeper';
import { sql } from '@holdfast/postgres';
import { type BackupPlaces, openPlaces } from '../backup/backup-places.ts';
import { progressLines } from '../backup/progress-lines.ts';
import { onConnection, withOwnerUrl } from '../database-access.ts';
import { databaseNameIn, findDatabaseName } from '../database-name.ts';
import { sameDatabaseWords } from '../database-url-option.ts';
import type { Configuration } from '../env.ts';
import type { ExitCode } from '../exit-codes.ts';
import { findOrigin, type Origin } from './find-origin.ts';
import { hasTables } from './has-tables.ts';
import { noticingDamage } from './met-damage.ts';
import { programPlaces } from './program-places.ts';
import { jobsOf, type RestoreContext, targetOf, typedWords } from './restore-options.ts';
import { restoreTablesCommand, tableNames } from './restore-tables.ts';
import { findScratchPlace } from './scratch-place.ts';
import { undoTablesCommand } from './undo-tables.ts';

const SCRATCH_PREFIX = 'tables-';

/** Brings tables out of a backup, which lives beside for as long as it takes, into the live database. */
export async function restoreTablesOfBackup(
  context: RestoreContext,
  configuration: Configuration,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { options, positionals, terminal, environment, flags } = context;
  const places = await openPlaces(configuration, { options });
  const hasWanted = hasTables(options, await findDatabaseName(configuration));
  const origin = await findOrigin(places, positionals[0], targetOf(options), hasWanted);
  const { repository, backup, archive, warnings } = origin;
  const { target } = origin.reach;
  return withOwnerUrl(configuration, terminal, flags['database-url'], async targetUrl => {
    await refuseStandby(targetUrl);
    await refuseUnknownTables(context, { places, origin, targetUrl });
    for (const warning of warnings) terminal.progress(warning);
    const place = await findScratchPlace(configuration, SCRATCH_PREFIX);
    const noticing = { context, places, origin, hasWanted, signal, isolated: true };
    const restored = await noticingDamage(noticing, () =>
      materializeBackup({
        ...place,
        repository,
        backup,
        archive,
        target,
        purpose: 'drill',
        programs: programPlaces(configuration, environment),
        jobs: jobsOf(options),
        signal,
        onProgress: progressLines(terminal),
      }),
    );
    try {
      return await restoreTablesCommand({
        options,
        terminal,
        targetUrl,
        signal,
        sourceUrl: restored.urlOf(databaseOf(restored, targetUrl)),
        label: labelOf(restored),
        sessions: {
          restoredTo: momentOf(restored),
          journal: await readRevocations(configuration),
        },
      });
    } finally {
      await restored.discard();
    }
  });
}

/** Takes a restore of tables back. */
export function undoTables(context: RestoreContext, configuration: Configuration): Promise<ExitCode> {
  const { options, positionals, terminal, flags } = context;
  return withOwnerUrl(configuration, terminal, flags['database-url'], async targetUrl => {
    await refuseStandby(targetUrl);
    return undoTablesCommand({
      terminal,
      targetUrl,
      id: positionals[0] ?? '',
      confirmed: options.yes === true,
      planned: options.plan === true,
      partly: options['skip-conflicts'] === true,
      disableTriggers: options['disable-triggers'] === true,
    });
  });
}

/** Before a backup is brought to life for nothing. */
async function refuseStandby(url: string): Promise<void> {
  const { standby } = await onConnection(url, db =>
    db.one(sql<{ standby: boolean }>`select pg_catalog.pg_is_in_recovery() as standby`),
  );
  if (!standby) return;
  throw new HoldfastError(
    'restore_refused',
    'This server is a standby, which takes no writes: name its primary.',
  );
}

/** Before a backup is brought to life for nothing: what its manifest does not name, only later WAL can have brought. */
async function refuseUnknownTables(
  { options, flags }: RestoreContext,
  { places, origin, targetUrl }: Refusable,
): Promise<void> {
  const { backup, reach } = origin;
  const name = databaseOf(backup, targetUrl);
  const content = backup.manifest.databases.find(database => database.name === name);
  if (content === undefined || reach.target.kind !== 'backup') return;
  const problems = unknownTables(tableNames(options), content);
  if (problems.length === 0) return;
  const elsewhere = await whereElse(places, { options, flags, backup, database: content.name });
  const text = [...problems, ...elsewhere].join('\n');
  throw new HoldfastError('usage', text, { details: { problems } });
}

interface Refusable {
  readonly places: BackupPlaces;
  readonly origin: Origin;
  readonly targetUrl: string;
}

/** The other database of this backup that has the tables, or else the newest backup that has them in this one, and what to type. */
async function whereElse(
  places: BackupPlaces,
  {
    options,
    flags,
    backup,
    database,
  }: Pick<RestoreContext, 'options' | 'flags'> & Pick<Origin, 'backup'> & { readonly database: string },
): Promise<string[]> {
  const names = tableNames(options);
  const elsewhere = backup.manifest.databases.find(content => unknownTables(names, content).length === 0);
  if (elsewhere !== undefined)
    return [
      `The database ${elsewhere.name} of this backup has it; ${database} is the one that was asked for. Name the other with --database-url`,
    ];
  const has = hasTables(options, database);
  const other = await findOrigin(places, undefined, { kind: 'backup' }, has).catch(() => undefined);
  if (other === undefined || !has(other.backup)) return [];
  const { id, createdAt } = other.backup.manifest;
  const words = [...typedWords({ ...options, 'to-time': undefined }), ...sameDatabaseWords(flags)];
  const command = [id, ...words].join(' ');
  return [`Backup ${id}, of ${createdAt}, has it: holdfast restore ${command} --plan`];
}

/** The database of the same name in the backup, or the only one there. */
export function databaseOf({ manifest }: Pick<MaterializedBackup, 'manifest'>, targetUrl: string): string {
  const name = databaseNameIn(targetUrl);
  const names = manifest.databases.map(database => database.name);
  if (names.length === 0) return name;
  const found = contentOf(manifest.databases, name);
  if (found !== undefined) return found.name;
  throw new HoldfastError(
    'restore_refused',
    `Backup ${manifest.id} has no database ${name}; it has ${names.join(', ')}.`,
  );
}

/** What the ledger keeps of where rows came from. */
export function labelOf({ manifest, target }: MaterializedBackup): string {
  return target.kind === 'backup' ? manifest.id : `${manifest.id} and WAL up to ${JSON.stringify(target)}`;
}

/** The moment that the rows are of. */
export function momentOf({ manifest, target, reached }: MaterializedBackup): Date {
  if (target.kind === 'time') return target.at;
  const last = target.kind === 'backup' ? undefined : reached?.lastCommitAt;
  return new Date(last ?? manifest.point.snapshotAt);
}
