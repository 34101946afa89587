import { HoldfastError } from '@holdfast/core';
import {
  restoreTables,
  rowCondition,
  type TableRestore,
  type TableRestoreMode,
} from '@holdfast/database/restore/tables';
import { onConnection } from '../database-access.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';
import { recoverSessions, type SessionRecovery } from './recover-sessions.ts';
import { renderTableRestore } from './render-table-restore.ts';
import { splitTableNames } from './table-names.ts';
import type { TableOptionValues } from './table-options.ts';

const MODES: readonly TableRestoreMode[] = ['missing', 'overwrite', 'exact'];
const SAMPLES = 5;

export interface TableRestoreCommand {
  readonly options: TableOptionValues;
  readonly terminal: Terminal;
  /** The database in the backup that was brought to life, as a role that may read everything. */
  readonly sourceUrl: string;
  /** The live database, as the owner of its tables. */
  readonly targetUrl: string;
  /** What is recorded of where the rows came from: the id of the backup and the moment. */
  readonly label: string;
  /** For a database of Holdfast's: what sessions need that come back. */
  readonly sessions?: SessionRecovery;
  /** Ends the connections, and with them what was not committed. */
  readonly signal?: AbortSignal;
}

/** Checks the options that belong to `--table` before anything is brought to life. Throws `usage`. */
export function checkTableOptions(options: TableOptionValues): void {
  if (options.plan === true && options.yes === true)
    throw new HoldfastError('usage', 'Give --plan or --yes, not both.');
  if (options.table === undefined) {
    const stray = (
      [
        'rows',
        'mode',
        'with-parents',
        'skip-conflicts',
        'disable-triggers',
        'accept-trigger-changes',
        'no-undo',
        'mask',
      ] as const
    ).find(name => options[name] !== undefined);
    if (stray !== undefined) throw new HoldfastError('usage', `--${stray} only goes with --table.`);
    return;
  }
  modeOf(options);
  if (options.rows !== undefined) rowCondition(options.rows);
  if (tableNames(options).length === 0)
    throw new HoldfastError('usage', '--table needs the name of a table.');
}

/**
 * `holdfast restore --table`: shows what would be done, and does it with `--yes`. Exit status 0: done, or nothing stands in the way
 * of the plan; 1: refused, or not done for lack of `--yes`.
 */
export function restoreTablesCommand(command: TableRestoreCommand): Promise<ExitCode> {
  const { sourceUrl, targetUrl, signal } = command;
  return onConnection(sourceUrl, source =>
    onConnection(targetUrl, async target => {
      const stop = (): void => void Promise.all([source.close(), target.close()]);
      signal?.throwIfAborted();
      signal?.addEventListener('abort', stop, { once: true });
      try {
        return await run(command, source, target);
      } catch (cause) {
        if (signal?.aborted !== true) throw cause;
        throw new HoldfastError('restore_failed', 'Stopped. Nothing was changed.', { cause });
      } finally {
        signal?.removeEventListener('abort', stop);
      }
    }),
  );
}

type Sides = Pick<Parameters<typeof restoreTables>[0], 'source' | 'target'>;

async function run(
  command: TableRestoreCommand,
  source: Sides['source'],
  target: Sides['target'],
): Promise<ExitCode> {
  const { options, terminal, label } = command;
  const common = {
    source,
    target,
    label,
    tables: tableNames(options),
    rows: options.rows,
    mode: modeOf(options),
    withParents: options['with-parents'] === true,
    skipConflicts: options['skip-conflicts'] === true,
    disableTriggers: options['disable-triggers'] === true,
    acceptTriggerChanges: options['accept-trigger-changes'] === true,
    keepUndo: options['no-undo'] !== true,
    beforeCommit: command.sessions && recoverSessions(command.sessions, label),
    samples: { count: SAMPLES, mask: options.mask === true },
    onProgress: terminal.progress,
  };
  const plan = await restoreTables({
    ...common,
    action: { kind: 'plan', tryTriggers: options.yes !== true },
  });
  if (plan.outcome === 'refused' || options.yes !== true) return shown(command, plan);
  terminal.progress(renderTableRestore(plan, terminal));
  const result = await restoreTables({ ...common, action: { kind: 'apply', confirmed: plan } });
  if (result.outcome === 'refused') return shown(command, result);
  terminal.result(result, () => [renderTableRestore(result, terminal), doneText(result)].join('\n'));
  return 0;
}

function shown({ terminal, options }: TableRestoreCommand, plan: TableRestore): ExitCode {
  const refused = plan.outcome === 'refused';
  const canSkip = plan.tables.every(({ conflicts }) => conflicts.every(conflict => conflict.canSkip));
  const hint = refused
    ? `Refused, nothing was changed: rows marked with ! cannot be brought back as they are.${canSkip ? ' --skip-conflicts leaves them out; --with-parents brings missing parents along.' : ''}`
    : 'Nothing was changed. To do it, use --yes.';
  terminal.result(plan, () => [renderTableRestore(plan, terminal), hint].join('\n'));
  return refused || options.plan !== true ? 1 : 0;
}

function doneText({ id }: TableRestore): string {
  return id === null
    ? 'Done. Nothing was kept to undo it.'
    : `Done, and compared with the backup. To take it back within 30 days: holdfast restore ${id} --undo --yes`;
}

/** The names and patterns that `--table` was given. */
export function tableNames({ table }: TableOptionValues): string[] {
  return splitTableNames(table ?? '');
}

function modeOf({ mode = 'missing' }: TableOptionValues): TableRestoreMode {
  const found = MODES.find(name => name === mode);
  if (found !== undefined) return found;
  throw new HoldfastError('usage', `--mode is one of ${MODES.join(', ')}, not ${mode}.`);
}
