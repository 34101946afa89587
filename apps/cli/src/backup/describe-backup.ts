import { formatDuration } from '@holdfast/core';
import {
  type BackupCopy,
  type BackupManifest,
  type BackupValidation,
  lastValidation,
  type Survey,
  type SurveyedBackup,
} from '@holdfast/database/backup';

/** A backup as `--json` shows it, without the content of its databases. */
export interface BackupSummary {
  readonly id: string;
  readonly engine: string;
  /** What somebody called it. */
  readonly label: string | null;
  readonly createdAt: string;
  readonly ageMs: number;
  /** Stored, at the first destination that has it. */
  readonly bytes: number;
  /** Before compression; null when an engine compresses itself. */
  readonly originalBytes: number | null;
  readonly compression: string;
  readonly encrypted: boolean;
  readonly databases: readonly string[];
  readonly serverVersion: string;
  readonly url: string;
  readonly destinations: readonly CopySummary[];
}

export interface CopySummary {
  readonly destination: string;
  readonly bytes: number;
  readonly seal: string;
  readonly validation: ValidationSummary | null;
  /** The last time that it was restored and compared. */
  readonly drill: ValidationSummary | null;
}

export type ValidationSummary = Pick<BackupValidation, 'level' | 'at' | 'result'> & {
  readonly problems: number;
  /** Of a drill: how many tables had their rows compared; null for what compares none. */
  readonly compared: { readonly tables: number; readonly of: number } | null;
};

export function summarize({ manifest, copies }: SurveyedBackup, now: number): BackupSummary {
  const { id, engine, label = null, createdAt, compression, encryption, databases, server, files } = manifest;
  const original = files.map(({ originalBytes }) => originalBytes);
  return {
    id,
    engine,
    label,
    createdAt,
    ageMs: now - Date.parse(createdAt),
    bytes: copies[0]?.backup.bytes ?? 0,
    originalBytes: original.includes(null) ? null : sum(original),
    compression,
    encrypted: encryption !== null,
    databases: databases.map(({ name }) => name),
    serverVersion: serverVersion(manifest),
    url: server.url,
    destinations: copies.map(copy => summarizeCopy(copy, databases)),
  };
}

function summarizeCopy(
  { repository, backup }: BackupCopy,
  databases: BackupManifest['databases'],
): CopySummary {
  return {
    destination: repository.destination.name,
    bytes: backup.bytes,
    seal: backup.seal,
    validation: summarizeValidation(lastValidation(backup.validations), databases),
    drill: summarizeValidation(lastValidation(backup.validations, 'drill'), databases),
  };
}

function summarizeValidation(
  validation: BackupValidation | undefined,
  databases: BackupManifest['databases'],
): ValidationSummary | null {
  if (validation === undefined) return null;
  const { level, at, result, problems } = validation;
  const compared = level === 'drill' ? comparedTables(databases) : null;
  return { level, at, result, problems: problems.length, compared };
}

/** A drill compares the tables whose rows the manifest describes. */
function comparedTables(databases: BackupManifest['databases']): ValidationSummary['compared'] {
  const tables = databases.flatMap(database => database.tables);
  return { tables: tables.filter(({ checksum }) => checksum !== null).length, of: tables.length };
}

/** `18.4` from 180004. */
export function serverVersion({ server }: BackupManifest): string {
  return `${Math.floor(server.versionNumber / 10_000)}.${server.versionNumber % 10_000}`;
}

function sum(numbers: readonly (number | null)[]): number {
  return numbers.reduce<number>((total, item) => total + (item ?? 0), 0);
}

/** `3d`, `5h`, `12m`: rounded down to the largest unit. */
export function formatAge(ms: number): string {
  const units = [86_400_000, 3_600_000, 60_000, 1_000];
  const unit = units.find(candidate => ms >= candidate) ?? 1_000;
  return ms < 1_000 ? '0s' : formatDuration(Math.floor(ms / unit) * unit);
}

/** `drill valid, 3h ago`; of a part, `drill valid, rows of 9 of 65 tables, 3h ago` */
export function validationText(validation: ValidationSummary | null, now: number): string {
  if (validation === null) return 'never validated';
  const { level, result, at, problems, compared } = validation;
  const found = problems === 0 ? '' : `, ${problems} found`;
  const part =
    compared === null || compared.tables === compared.of
      ? ''
      : `, rows of ${compared.tables} of ${compared.of} tables`;
  return `${level} ${result}${found}${part}, ${formatAge(now - Date.parse(at))} ago`;
}

/** Whether something in a survey needs somebody's attention. */
export function hasTrouble({ backups, broken, unreachable }: Survey): boolean {
  return (
    unreachable.length > 0 ||
    broken.some(({ leftover, inWork }) => !leftover && !inWork) ||
    backups.some(({ copies }) =>
      copies.some(({ backup }) => lastValidation(backup.validations)?.result === 'damaged'),
    )
  );
}
