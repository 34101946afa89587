import { listTableRestores, type RecordedRestore, tableText } from '@holdfast/database/restore/tables';
import { onConnection } from '../database-access.ts';

/** A restore of tables that can be taken back. */
export interface UndoableTables extends Pick<RecordedRestore, 'id' | 'source' | 'mode'> {
  /** ISO 8601. */
  readonly restoredAt: string;
  readonly tables: readonly string[];
}

/** Those that were not taken back yet, the newest first; null where the database cannot be asked. */
export async function undoableTables(url: string | undefined): Promise<UndoableTables[] | null> {
  const restores = url === undefined ? null : await onConnection(url, listTableRestores).catch(() => null);
  if (restores === null) return null;
  return restores
    .filter(({ undoneAt }) => undoneAt === null)
    .map(({ id, source, mode, restoredAt, tables }) => ({
      ...{ id, source, mode, restoredAt: restoredAt.toISOString() },
      tables: tables.map(tableText),
    }));
}

/** A line for each, with what takes it back. */
export function undoableLines(restores: readonly UndoableTables[] | null): string[] {
  if (restores === null) return ['Restores of tables are not shown: the database does not answer.'];
  return restores.map(
    ({ id, source, restoredAt, tables }) =>
      `${id}  ${tables.join(', ')} restored ${restoredAt} out of ${source}: holdfast restore ${id} --undo`,
  );
}
