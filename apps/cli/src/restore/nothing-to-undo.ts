import { HoldfastError } from '@holdfast/core';
import { listReplacedDatabases } from '@holdfast/database/restore';
import { undoableTables } from './undoable-tables.ts';

/**
 * What a refused `--undo` of a whole database says: that there is nothing, and what else could be meant.
 * @param url of the database, while it can be asked
 */
export async function nothingToUndo(where: string, url: string | undefined): Promise<HoldfastError> {
  const others = url === undefined ? [] : [...(await undoOfDump(url)), ...(await undoOfTables(url))];
  const message = `No database that a restore has replaced is kept ${where}, so there is nothing to undo`;
  return new HoldfastError('restore_refused', [message, ...others].join('. '));
}

/** A dump that was loaded into the embedded server has replaced a database there, and no directory. */
async function undoOfDump(url: string): Promise<string[]> {
  const [last] = await listReplacedDatabases(url).catch(() => []);
  return last === undefined
    ? []
    : [`${last.name}, which a dump has replaced, is brought back with: holdfast restore --undo --dump`];
}

async function undoOfTables(url: string): Promise<string[]> {
  const [last] = (await undoableTables(url)) ?? [];
  if (last === undefined) return [];
  const what = `The restore of ${last.tables.join(', ')} at ${last.restoredAt}`;
  return [`${what} is taken back with: holdfast restore ${last.id} --undo`];
}
