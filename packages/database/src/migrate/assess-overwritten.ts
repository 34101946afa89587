import type { Queryable } from '@holdfast/postgres';
import { quoteName, quotePath } from '../drift/reconcile/quote.ts';
import type { DataLoss } from './data-loss.ts';
import { type Fingerprint, fingerprint, type TableShape } from './relation-queries.ts';

/** A table that a script has updated, as it is after the script. */
export interface UpdatedTable {
  readonly before: TableShape;
  readonly rows: number;
  /** Columns that were there before, too, with the names they had; the order is that of the fingerprint. */
  readonly columns: readonly string[];
  readonly after: Fingerprint;
}

/** Reads what a script has updated, before the script is taken back. */
export async function readUpdated(
  db: Queryable,
  before: readonly TableShape[],
  after: readonly TableShape[],
): Promise<UpdatedTable[]> {
  const found: UpdatedTable[] = [];
  for (const later of after) {
    const earlier = before.find(({ oid }) => oid === later.oid);
    if (earlier === undefined || later.updated <= earlier.updated) continue;
    const kept = earlier.columns.flatMap(({ number, name, type }) => {
      const same = later.columns.find(column => column.number === number && column.type === type);
      return same === undefined ? [] : [{ earlier: name, later: same.name }];
    });
    if (kept.length === 0) continue;
    const print = await fingerprint(
      db,
      later,
      kept.map(column => column.later),
    );
    const columns = kept.map(column => column.earlier);
    found.push({ before: earlier, rows: later.updated - earlier.updated, columns, after: print });
  }
  return found;
}

/** Which of them held other values, once the script is taken back. */
export async function findOverwritten(
  db: Queryable,
  updated: readonly UpdatedTable[],
): Promise<DataLoss['overwritten']> {
  const found: DataLoss['overwritten'][number][] = [];
  for (const { before, rows, columns, after } of updated) {
    const print = await fingerprint(db, before, columns);
    if (print.rows === after.rows) continue;
    const changed = columns.filter((_, index) => print.columns[index] !== after.columns[index]);
    const table = quotePath([before.schema, before.name]);
    found.push({ table, columns: changed.map(quoteName), rows });
  }
  return found;
}
