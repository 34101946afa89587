import { type ErrorCode, HoldfastError, systemClock } from '@holdfast/core';
import {
  type BackupManifest,
  type BackupRepository,
  type DatabaseContent,
  type SurveyedBackup,
  surveyBackups,
} from '@holdfast/database/backup';
import type { ExitCode } from '../exit-codes.ts';
import { count, formatBytes, formatMilliseconds } from '../migrate/text.ts';
import type { BackupContext } from './backup-options.ts';
import { openPlaces } from './backup-places.ts';
import { formatAge, serverVersion, summarize, validationText } from './describe-backup.ts';

/** `holdfast backup show ID`: everything that is known of one backup. */
export async function runShow(
  { options, configuration, terminal }: BackupContext,
  [id = 'latest']: readonly string[],
): Promise<ExitCode> {
  const { repositories } = await openPlaces(configuration(), { options });
  const found = await findEverywhere(repositories, id);
  const now = systemClock.now();
  const summary = summarize(found, now);
  const copies = found.copies.map(({ repository, backup }) => ({
    destination: repository.destination.name,
    bytes: backup.bytes,
    seal: backup.seal,
    validations: backup.validations,
  }));
  terminal.result({ ...summary, manifest: found.manifest, copies }, () => {
    const { manifest } = found;
    const seals = copies.map(
      ({ destination, seal }) => `  seal at ${destination}: ${seal.replace('_', ' ')}`,
    );
    const validations = copies.flatMap(copy =>
      copy.validations.map(
        ({ level, at, result, durationMs, problems }) =>
          `  ${at}  ${level} ${result} in ${formatMilliseconds(durationMs)} at ${copy.destination}${problems.map(({ message }) => `\n    ${message}`).join('')}`,
      ),
    );
    return [
      terminal.style('bold', manifest.id),
      ...facts(manifest, summary.bytes, summary.ageMs),
      ...summary.destinations.map(
        ({ destination, validation }) => `  at ${destination}: ${validationText(validation, now)}`,
      ),
      ...seals,
      ...(validations.length === 0 ? [] : ['Validations', ...validations]),
      ...manifest.databases.flatMap(databaseLines),
    ].join('\n');
  });
  return copies.some(({ validations }) => validations.at(-1)?.result === 'damaged') ? 1 : 0;
}

/** A backup with all its copies, by id, by a unique beginning of it, or the newest. */
export async function findEverywhere(
  repositories: readonly BackupRepository[],
  wanted: string,
): Promise<SurveyedBackup> {
  const { backups, broken, unreachable } = await surveyBackups(repositories);
  const matching =
    wanted === 'latest'
      ? backups.slice(0, 1)
      : backups.filter(({ manifest }) => manifest.id.startsWith(wanted));
  const exact = matching.find(({ manifest }) => manifest.id === wanted);
  const [one, another] = exact === undefined ? matching : [exact];
  if (one !== undefined && another === undefined) return one;
  const damaged = broken.filter(({ id }) => wanted !== 'latest' && id.startsWith(wanted));
  const reasons = [
    ...(another === undefined
      ? []
      : [`it is the beginning of ${matching.map(({ manifest }) => manifest.id).join(', ')}`]),
    ...damaged.map(({ id, problem, repository }) => `${id} at ${repository.destination.name}: ${problem}`),
    ...unreachable.map(({ error }) => error.message),
  ];
  const [lost] = damaged;
  if (lost !== undefined && another === undefined) {
    const message = `Backup ${lost.id} is there and cannot be used: ${reasons.join('; ')}. holdfast backup verify ${lost.id} tells what of it is whole; holdfast list-backups shows the others.`;
    throw new HoldfastError('backup_damaged', message, { details: { id: lost.id } });
  }
  const why = reasons.length === 0 ? 'holdfast list-backups shows those there are' : reasons.join('; ');
  throw new HoldfastError(
    codeOf(wanted, unreachable.length),
    `There is no backup ${JSON.stringify(wanted)}: ${why}.`,
    {
      details: { id: wanted },
    },
  );
}

/** Whether it may be where nobody can look, was never made, or is misspelt. */
function codeOf(wanted: string, unreachable: number): ErrorCode {
  if (unreachable > 0) return 'backup_destination_failed';
  return wanted === 'latest' ? 'backup_not_found' : 'backup_unknown';
}

function facts(manifest: BackupManifest, bytes: number, ageMs: number): string[] {
  const { createdAt, label, durationMs, engine, compression, encryption, point, server, tool, files } =
    manifest;
  const position =
    point.kind === 'physical'
      ? `${point.consistentLsn ?? point.stopLsn}, timeline ${point.timeline}`
      : (point.lsn ?? 'not known');
  return [
    `  created    ${createdAt}, ${formatAge(ageMs)} ago, in ${formatMilliseconds(durationMs)}`,
    ...(label === undefined ? [] : [`  label      ${label}`]),
    `  engine     ${engine}, Holdfast ${tool.version}`,
    `  size       ${formatBytes(bytes)} in ${count(files.length, 'file')}, compression ${compression}`,
    `  encrypted  ${encryption === null ? 'no' : `for ${encryption.recipients.join(', ')}`}`,
    `  database   ${server.url}`,
    `  server     PostgreSQL ${serverVersion(manifest)}, system ${server.systemIdentifier ?? 'not known'}`,
    `  position   ${position}`,
    ...(manifest.contentMissing === null ? [] : [`  content    not counted: ${manifest.contentMissing}`]),
  ];
}

function databaseLines({ name, bytes, extensions, tables, migrations }: DatabaseContent): string[] {
  const schema = migrations?.at(-1);
  const width = Math.max(0, ...tables.map(table => `${table.schema}.${table.name}`.length));
  return [
    `Database ${name}, ${formatBytes(bytes)}, ${count(tables.length, 'table')}`,
    ...(schema === undefined ? [] : [`  schema at ${schema.version}_${schema.name}`]),
    ...(extensions.length === 0
      ? []
      : [`  extensions ${extensions.map(item => `${item.name} ${item.version}`).join(', ')}`]),
    ...tables.map(table => {
      const rows = table.unread === undefined ? count(table.rows, 'row') : `not read: ${table.unread}`;
      return `  ${`${table.schema}.${table.name}`.padEnd(width)}  ${rows}`;
    }),
  ];
}
