import { systemClock } from '@holdfast/core';
import { type Survey, surveyBackups, type WalRange } from '@holdfast/database/backup';
import type { CommandContext } from '../command.ts';
import type { ExitCode } from '../exit-codes.ts';
import { formatBytes } from '../migrate/text.ts';
import type { Terminal } from '../terminal.ts';
import type { PLACE_OPTIONS } from './backup-options.ts';
import { type BackupPlaces, openPlaces } from './backup-places.ts';
import { type BackupSummary, formatAge, hasTrouble, summarize, validationText } from './describe-backup.ts';

/** The moments to which a destination's WAL leads. */
interface Recovery {
  readonly destination: string;
  readonly systemIdentifier: string;
  readonly ranges: readonly WalRange[];
}

/** `holdfast backup list`: what there is everywhere. Reads only. */
export async function runList({
  options,
  configuration,
  terminal,
}: CommandContext<typeof PLACE_OPTIONS>): Promise<ExitCode> {
  const places = await openPlaces(configuration(), { options });
  const survey = await surveyBackups(places.repositories);
  const now = systemClock.now();
  const backups = survey.backups.map(backup => summarize(backup, now));
  const recovery = await recoveryOf(places, survey);
  const broken = survey.broken.map(({ repository, ...rest }) => ({
    ...rest,
    destination: repository.destination.name,
  }));
  const unreachable = survey.unreachable.map(({ repository, error }) => ({
    destination: repository.destination.name,
    message: error.message,
  }));
  terminal.result({ backups, broken, unreachable, recovery }, () =>
    [
      ...backupLines(backups, places, now, terminal),
      ...recovery.flatMap(recoveryLines),
      ...broken.map(
        ({ id, problem, destination }) =>
          `${terminal.style('yellow', 'no backup')}  ${id}: ${problem} (${destination})`,
      ),
      ...unreachable.map(({ message }) => `${terminal.style('red', 'unreachable')}  ${message}`),
    ].join('\n'),
  );
  return hasTrouble(survey) ? 1 : 0;
}

async function recoveryOf(
  { repositories, archives }: BackupPlaces,
  { unreachable }: Survey,
): Promise<Recovery[]> {
  const silent = new Set(unreachable.map(({ repository }) => repository));
  const found: Recovery[] = [];
  for (const repository of repositories.filter(item => !silent.has(item))) {
    for (const archive of await archives(repository)) {
      const { systemIdentifier } = archive;
      const destination = repository.destination.name;
      found.push({ destination, systemIdentifier, ranges: await archive.ranges() });
    }
  }
  return found;
}

function backupLines(
  backups: readonly BackupSummary[],
  { repositories }: BackupPlaces,
  now: number,
  terminal: Terminal,
): string[] {
  const names = repositories.map(({ destination }) => destination.name);
  if (backups.length === 0)
    return [`There is no backup at ${names.join(' or ')}. Make one with holdfast backup.`];
  const labelled = backups.some(({ label }) => label !== null);
  const rows = [
    ['ID', 'AGE', 'SIZE', 'FORM', 'DATABASES', ...(labelled ? ['LABEL'] : [])],
    ...backups.map(backup => [
      backup.id,
      formatAge(backup.ageMs),
      formatBytes(backup.bytes),
      backup.encrypted ? `${backup.compression}, encrypted` : backup.compression,
      backup.databases.join(', '),
      ...(labelled ? [backup.label ?? ''] : []),
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0))) ?? [];
  return rows.flatMap((row, index) => {
    const line = row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
    const backup = backups[index - 1];
    return backup === undefined
      ? [terminal.style('bold', line)]
      : [line, ...copyLines(backup, names, now, terminal)];
  });
}

function copyLines(
  { destinations }: BackupSummary,
  names: readonly string[],
  now: number,
  { style }: Terminal,
): string[] {
  return names.map(name => {
    const copy = destinations.find(({ destination }) => destination === name);
    if (copy === undefined) return `    ${style('yellow', 'not there')}  ${name}`;
    const { validation, drill } = copy;
    const color = validation === null ? 'yellow' : validation.result === 'valid' ? 'green' : 'red';
    const drilled = drill === null || drill.at === validation?.at ? '' : `; ${validationText(drill, now)}`;
    return `    ${style(color, validationText(validation, now))}${drilled}  ${name}`;
  });
}

function recoveryLines({ destination, systemIdentifier, ranges }: Recovery): string[] {
  return ranges.map(({ timeline, fromLsn, toLsn, storedToLsn, fromTime, toTime, abandoned = false }) => {
    const times = fromTime === null || toTime === null ? '' : `, ${fromTime} to ${toTime}`;
    const left = abandoned ? ', left by the database' : '';
    const here = storedToLsn === undefined ? '' : `, from ${storedToLsn} on on this machine alone`;
    return `WAL of ${systemIdentifier}, timeline ${timeline}${left}: ${fromLsn} to ${toLsn}${times}${here}  ${destination}`;
  });
}
