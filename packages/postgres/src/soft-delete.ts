import { HoldfastError } from '@holdfast/core';
import { databaseError, isUniqueViolation } from './database-errors.ts';
import type { Transaction } from './queryable.ts';
import { type SqlQuery, sql } from './sql.ts';

/** A table whose rows are marked in `deleted_at` instead of being removed; with `id`, `modified_by` and partial unique indexes. */
type SoftDeletingTable = string | readonly [string, ...string[]];

/** Marks a row deleted. @returns false when there is none that is not deleted yet. */
export async function softDelete(
  tx: Transaction,
  table: SoftDeletingTable,
  id: string,
  by: string | null,
): Promise<boolean> {
  const changed = await tx.execute(sql`
    update ${nameOf(table)} set deleted_at = now(), modified_by = ${by}::uuid
    where id = ${id} and deleted_at is null
  `);
  return changed === 1;
}

/**
 * Takes a deletion back, whatever referred to the row. @returns false when there is no deleted row with this id.
 * @throws HoldfastError `conflict` when another row has taken its place in a unique index meanwhile; the transaction is over.
 */
export async function undoSoftDelete(
  tx: Transaction,
  table: SoftDeletingTable,
  id: string,
  by: string | null,
): Promise<boolean> {
  try {
    const changed = await tx.execute(sql`
      update ${nameOf(table)} set deleted_at = null, modified_by = ${by}::uuid
      where id = ${id} and deleted_at is not null
    `);
    return changed === 1;
  } catch (cause) {
    throw isUniqueViolation(cause) ? placeTaken(table, id, cause) : cause;
  }
}

/** The condition that leaves deleted rows out: of the table or alias, or of the only table without one. */
export function excludeDeleted(alias?: string): SqlQuery<never> {
  return alias === undefined ? sql`deleted_at is null` : sql`${sql.id(alias)}.deleted_at is null`;
}

function nameOf(table: SoftDeletingTable): SqlQuery<never> {
  return typeof table === 'string' ? sql.id(table) : sql.id(...table);
}

function placeTaken(table: SoftDeletingTable, id: string, cause: unknown): HoldfastError {
  const name = [table].flat().join('.');
  const constraint = databaseError(cause)?.constraint;
  const where = constraint === undefined ? '' : ` (${constraint})`;
  const message = `The deleted row ${id} of ${name} cannot be restored: another row has taken its place${where}. Change or delete that one first.`;
  return new HoldfastError('conflict', message, { cause, details: { table: name, id, constraint } });
}
