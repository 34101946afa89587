import { HoldfastError } from '@holdfast/core';
import { listReplacedDatabases } from '@holdfast/database/restore';
import { listTableRestores } from '@holdfast/database/restore/tables';
import { onConnection } from '../database-access.ts';

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
  const restores = await onConnection(url, listTableRestores).catch(() => []);
  const last = restores.find(({ undoneAt }) => undoneAt === null);
  if (last === undefined) return [];
  const names = last.tables.map(({ schema, name }) => `${schema}.${name}`).join(', ');
  const what = `The restore of ${names} at ${last.restoredAt.toISOString()}`;
  return [`${what} is taken back with: holdfast restore ${last.id} --undo`];
}
