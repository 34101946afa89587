import { HoldfastError, isHoldfastError } from '@holdfast/core';
import type { DrillResult } from '@holdfast/database/restore';
import type { ExitCode } from '../exit-codes.ts';
import { count, formatMilliseconds } from '../migrate/text.ts';
import { findOrigin, type Origin } from '../restore/find-origin.ts';
import { jobsOf } from '../restore/restore-options.ts';
import type { Terminal } from '../terminal.ts';
import type { BackupContext } from './backup-options.ts';
import { openPlaces } from './backup-places.ts';
import { drillAt } from './drill-at.ts';
import { interruptible } from './interruptible.ts';
import { progressLines } from './progress-lines.ts';

/** `holdfast backup drill [ID]`: restores a backup beside and compares it with its manifest. */
export async function runDrillVerb(
  context: BackupContext,
  [id = 'latest']: readonly string[],
): Promise<ExitCode> {
  const { options, configuration, environment, terminal } = context;
  const places = await openPlaces(configuration(), { options });
  const origin = await findOrigin(places, id, { kind: 'backup' });
  const result = await interruptible(environment, signal => drill(context, origin, signal));
  const backup = origin.backup.manifest.id;
  terminal.result({ backup, ...result }, () => resultText(backup, result, terminal));
  return result.validation.result === 'valid' ? 0 : 1;
}

async function drill(
  { options, configuration, environment, terminal }: BackupContext,
  { repository, backup }: Origin,
  signal: AbortSignal,
): Promise<DrillResult> {
  terminal.progress(`drilling ${backup.manifest.id} at ${repository.destination.name}`);
  try {
    return await drillAt({
      configuration: configuration(),
      environment,
      repository,
      backup,
      jobs: jobsOf(options),
      signal,
      onProgress: progressLines(terminal),
    });
  } catch (error) {
    if (!isHoldfastError(error, 'restore_refused')) throw error;
    throw new HoldfastError('backup_not_possible', error.message, { cause: error });
  }
}

function resultText(id: string, result: DrillResult, { style }: Terminal): string {
  const { validation, examination, restoreMs } = result;
  const { problems, durationMs } = validation;
  const times = `restored in ${formatMilliseconds(restoreMs)}, all in ${formatMilliseconds(durationMs)}`;
  const held =
    examination === undefined
      ? ''
      : `, ${count(examination.tables, 'table')}, ${count(examination.rows, 'row')}`;
  const head =
    problems.length === 0
      ? soundText(result, style)
      : style('red', `damaged: ${count(problems.length, 'problem')}`);
  return [
    `${id}  ${head}${held}  (${times})`,
    ...problems.map(({ code, subject, message }) => `  ${code}  ${subject}: ${message}`),
    ...(examination?.unchecked ?? []).map(what => `  not checked: ${what}`),
  ].join('\n');
}

/** Nothing is called sound that was not compared. */
function soundText({ examination }: DrillResult, style: Terminal['style']): string {
  if (examination === undefined || examination.comparedTables === examination.tables)
    return style('green', 'restored, compared and sound');
  const { comparedTables, tables } = examination;
  return style(
    'yellow',
    `restored, ${comparedTables} of ${count(tables, 'table')} compared, no fault found in what was looked at`,
  );
}
