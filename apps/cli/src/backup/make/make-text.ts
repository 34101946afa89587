import { formatDuration } from '@holdfast/core';
import type { BackupManifest, BackupValidation, TableContent } from '@holdfast/database/backup';
import { formatBytes } from '../../migrate/text.ts';
import type { Terminal } from '../../terminal.ts';
import type { BackupResult } from './run-backup.ts';

/** A backup that was just made, for `--json`: the manifest without the catalogs, which are long. */
export function toJson({ destination, manifest, bytes, validation, trouble }: BackupResult): unknown {
  return {
    destination,
    backup: manifest === undefined ? null : { ...brief(manifest), bytes },
    validation: validation ?? null,
    trouble: trouble ?? null,
  };
}

function brief({ databases, ...manifest }: BackupManifest): object {
  return { ...manifest, databases: databases.map(({ catalog: _catalog, ...database }) => database) };
}

export function renderResult(result: BackupResult, { style }: Terminal): string {
  const { destination, manifest, bytes, validation, trouble } = result;
  if (manifest === undefined) {
    const why = trouble?.startsWith(`${destination}: `) ? trouble.slice(destination.length + 2) : trouble;
    return `${style('red', '✗')} ${destination}: ${why}`;
  }
  const bad = trouble !== undefined || validation?.result === 'damaged';
  const took = formatDuration(Math.max(1, Math.round(manifest.durationMs / 1_000)) * 1_000);
  return [
    `${bad ? style('red', '✗') : style('green', '✓')} ${style('bold', manifest.id)}  ${formatBytes(bytes ?? 0)} in ${took}  ${destination}`,
    `  ${contentText(manifest)}`,
    ...(manifest.contentMissing === null
      ? []
      : [`  ${style('yellow', 'not compared by rows')}: ${manifest.contentMissing}`]),
    ...(validation === undefined ? [] : validationLines(manifest, validation)),
    ...(trouble === undefined ? [] : [`  ${trouble}`]),
  ].join('\n');
}

function contentText({ databases, point }: BackupManifest): string {
  const at =
    point.kind === 'physical' && point.consistentLsn !== null ? `, exact at ${point.consistentLsn}` : '';
  const names = databases.map(({ name }) => name).join(', ');
  return `${names}: ${rowsText(databases.flatMap(({ tables }) => tables))}${at}`;
}

/** A table that was not read has no number of rows. */
function rowsText(tables: readonly TableContent[]): string {
  const read = tables.filter(({ unread }) => unread === undefined);
  const all = `${tables.length} ${tables.length === 1 ? 'table' : 'tables'}`;
  if (read.length === 0 && tables.length > 0) return `${all}, rows not counted`;
  const rows = `${read.reduce((sum, table) => sum + table.rows, 0).toLocaleString('en-US')} rows`;
  if (read.length === tables.length) return `${all}, ${rows}`;
  return `${all}, ${rows} in the ${read.length} that could be read (--json says why not the others)`;
}

function validationLines(
  { id, encryption }: BackupManifest,
  { level, result, problems, durationMs }: BackupValidation,
): string[] {
  if (result === 'damaged')
    return ['  DAMAGED:', ...problems.map(({ subject, message }) => `    ${subject}: ${message}`)];
  const how = level === 'drill' ? 'restored and compared' : 'every byte read again';
  const took = formatDuration(Math.max(1, Math.round(durationMs / 1_000)) * 1_000);
  if (level !== 'files' || encryption === null) return [`  valid: ${how} in ${took}`];
  return [
    `  valid as stored: ${how} in ${took}, compared by its hashes`,
    `  not decrypted: no identity here; where it is: holdfast backup verify ${id} --level decode --identity FILE`,
  ];
}
