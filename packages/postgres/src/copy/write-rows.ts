import { databaseError } from '../database-errors.ts';
import type { Transaction } from '../queryable.ts';
import { type SqlQuery, sql } from '../sql.ts';
import type { BulkOutcome, BulkProblem, BulkRow, BulkTable } from './bulk-table.ts';
import { copyChunks, copyLine } from './copy-text.ts';
import { insertResolving } from './insert-resolving.ts';
import type { TableShape } from './table-shape.ts';

/** What has been learned while rows were written; shared by all batches of one bulk write. */
export interface BulkExperience {
  /** Whether the last batch met rows whose place was taken: then the next one is not tried by COPY alone. */
  expectsConflicts: boolean;
  shape: TableShape | undefined;
}

interface Draft {
  readonly written: BulkRow[];
  readonly conflicts: number[];
  readonly problems: BulkProblem[];
}

interface SentRow extends BulkRow {
  readonly text: string;
}

const UNIQUE_VIOLATION = '23505';

/**
 * Writes rows in the given transaction by COPY. When one of them is refused, nothing of that attempt stays, and the input
 * is taken apart until the bad rows stand alone: COPY names the line it stumbled over, so that this costs about a second
 * pass and not one attempt a row. Rows whose place is taken are found together where the table has a `key`.
 */
export async function writeRows(
  tx: Transaction,
  table: BulkTable,
  rows: readonly BulkRow[],
  experience: BulkExperience = { expectsConflicts: false, shape: undefined },
): Promise<BulkOutcome> {
  const draft: Draft = { written: [], conflicts: [], problems: [] };
  const parts = [encode(table, rows, draft)];
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    if (part.length === 0) continue;
    const failure = await attempt(tx, table, part, experience, draft);
    if (failure === undefined) continue;
    const [only] = part;
    if (part.length === 1 && only !== undefined) settle(table, draft, problemOf(only.line, failure));
    else parts.push(...split(part, failure).reverse());
  }
  return draft;
}

/** The rows as COPY wants them; what cannot be sent is a problem at once. */
function encode({ constants = {} }: BulkTable, rows: readonly BulkRow[], draft: Draft): SentRow[] {
  const same = Object.values(constants);
  const tail = same.length === 0 ? '' : `\t${copyLine(same)}`;
  const sent: SentRow[] = [];
  for (const row of rows) {
    try {
      sent.push({ line: row.line, values: row.values, text: copyLine(row.values) + tail });
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      const { message } = error;
      const nowhere = { sqlState: undefined, constraint: undefined, column: undefined };
      draft.problems.push({ line: row.line, message, ...nowhere });
    }
  }
  return sent;
}

/** Writes all of the rows, or none: then the server's error is returned. */
async function attempt(
  tx: Transaction,
  table: BulkTable,
  rows: readonly SentRow[],
  experience: BulkExperience,
  draft: Draft,
): Promise<Error | undefined> {
  const { conflict = 'refuse', key } = table;
  const canResolve = typeof conflict === 'object' || key !== undefined;
  if (typeof conflict === 'string' && !(canResolve && experience.expectsConflicts)) {
    const failure = await undoable(tx, () => copyRows(tx, table, rows));
    if (failure === undefined) {
      for (const row of rows) draft.written.push(row);
      return undefined;
    }
    if (!canResolve || databaseError(failure)?.code !== UNIQUE_VIOLATION) return failure;
    experience.expectsConflicts = true;
  }
  return undoable(tx, async () => {
    const taken = new Set(await insertResolving(tx, table, rows, experience));
    experience.expectsConflicts = taken.size > 0;
    for (const row of rows) {
      if (!taken.has(row.line)) draft.written.push(row);
      else settle(table, draft, takenProblem(row.line));
    }
  });
}

/** Runs work that may fail because of the data: back to the savepoint, and the error is the answer. Other errors are thrown. */
async function undoable(tx: Transaction, work: () => Promise<unknown>): Promise<Error | undefined> {
  await tx.execute(sql`savepoint holdfast_bulk`);
  try {
    await work();
    await tx.execute(sql`release savepoint holdfast_bulk`);
    return undefined;
  } catch (error) {
    const found = databaseError(error);
    // data exceptions and integrity violations; all else is nothing that another row would not meet as well
    if (found === undefined || !/^2[23]/.test(found.code ?? '')) throw error;
    await tx.execute(sql`rollback to savepoint holdfast_bulk`);
    return found;
  }
}

function copyRows(tx: Transaction, table: BulkTable, rows: readonly SentRow[]): Promise<number> {
  const columns = [...table.columns, ...Object.keys(table.constants ?? {})].map(name => sql.id(name));
  const copy: SqlQuery<never> = sql`copy ${sql.id(...table.table)} (${sql.join(columns)}) from stdin`;
  return tx.copyIn(copy, copyChunks(rows.map(({ text }) => text)));
}

/** Around the row that COPY named, or in the middle. */
function split(rows: readonly SentRow[], failure: Error): SentRow[][] {
  const [, line] = /^COPY [^\n]*, line (\d+)/m.exec(databaseError(failure)?.where ?? '') ?? [];
  const named = Number(line) - 1;
  if (named >= 0 && named < rows.length) {
    return [rows.slice(0, named), rows.slice(named, named + 1), rows.slice(named + 1)];
  }
  const middle = rows.length >> 1;
  return [rows.slice(0, middle), rows.slice(middle)];
}

function settle({ conflict = 'refuse' }: BulkTable, draft: Draft, problem: BulkProblem): void {
  if (problem.sqlState === UNIQUE_VIOLATION && conflict !== 'refuse') draft.conflicts.push(problem.line);
  else draft.problems.push(problem);
}

function problemOf(line: number, error: Error): BulkProblem {
  const found = databaseError(error);
  const { code: sqlState, constraint, column } = found ?? {};
  return { line, sqlState, message: error.message, constraint, column };
}

function takenProblem(line: number): BulkProblem {
  const message = 'a row with the same unique key exists already';
  return { line, sqlState: UNIQUE_VIOLATION, message, constraint: undefined, column: undefined };
}
