import { type TableRestoreUndo, tableText, undoTableRestore } from '@holdfast/database/restore/tables';
import { onConnection } from '../database-access.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';

export interface UndoTablesCommand {
  readonly terminal: Terminal;
  /** The live database, as the owner of its tables. */
  readonly targetUrl: string;
  readonly id: string;
  /** `--yes`: do it; otherwise it is only shown. */
  readonly confirmed: boolean;
  /** `--plan`: it was only to be shown. */
  readonly planned?: boolean;
  /** `--skip-conflicts`: rows that were changed since stay as they are, and the others go back. */
  readonly partly: boolean;
  readonly disableTriggers: boolean;
}

/** Whether an id is that of a restore of tables, and not of a whole database. */
export function isTableRestoreId(id: string): boolean {
  return /^\d{8}T\d{6}Z-tables-[a-z2-7]{4}$/.test(id);
}

/** `holdfast restore ID --undo` of single tables. Exit status as for the restore. */
export function undoTablesCommand(command: UndoTablesCommand): Promise<ExitCode> {
  const { terminal, targetUrl, id, confirmed, planned, partly, disableTriggers } = command;
  return onConnection(targetUrl, async target => {
    const result = await undoTableRestore({
      target,
      id,
      partly,
      disableTriggers,
      action: confirmed ? 'apply' : 'plan',
      onProgress: terminal.progress,
    });
    terminal.result(result, () => render(result, terminal));
    return result.outcome === 'undone' || (result.outcome === 'planned' && planned === true) ? 0 : 1;
  });
}

function render({ outcome, tables, notes }: TableRestoreUndo, terminal: Terminal): string {
  const last = {
    undone: 'Undone.',
    planned: 'Nothing was changed. To do it, use --yes.',
    refused:
      'Refused, nothing was changed. --skip-conflicts leaves alone what others have written since, where that is all.',
  };
  return [
    ...tables.flatMap(table => [
      `${tableText(table)}: ${table.inserts} rows come back, ${table.updates} get their former values, ${table.deletes} go again`,
      ...(table.changedSince === 0
        ? []
        : [
            terminal.style(
              'red',
              `    ! ${table.changedSince} rows were changed or deleted since the restore`,
            ),
          ]),
      ...table.conflicts.map(({ rows, message }) => terminal.style('red', `    ! ${rows} rows: ${message}`)),
    ]),
    ...notes.map(note => terminal.style('dim', `note: ${note}`)),
    last[outcome],
  ].join('\n');
}
