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

/** A row, and its line of COPY data once it has been made. */
interface SentRow extends BulkRow {
  text?: string;
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
  const parts: SentRow[][] = [rows.map(({ line, values }) => ({ line, values }))];
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    if (part.length === 0) continue;
    const failed = await attempt(tx, table, part, experience, draft);
    if (failed === undefined) continue;
    const [only] = failed.rows;
    if (failed.rows.length === 1 && only !== undefined)
      settle(table, draft, problemOf(only.line, failed.error));
    else parts.push(...split(failed).reverse());
  }
  return draft;
}

/** An attempt of which nothing stays. */
interface FailedAttempt {
  readonly error: Error;
  /** The rows to try again: those of the attempt, without what cannot be sent at all. */
  readonly rows: readonly SentRow[];
}

/** The lines of rows, made as they are asked for, so that the server works meanwhile. What cannot be sent is a problem at once. */
function* linesOf(
  { constants = {} }: BulkTable,
  rows: Iterable<SentRow>,
  sent: SentRow[],
  draft: Draft,
): Generator<string, void, undefined> {
  const same = Object.values(constants);
  const tail = same.length === 0 ? '' : `\t${copyLine(same)}`;
  for (const row of rows) {
    try {
      row.text ??= copyLine(row.values) + tail;
    } catch (error) {
      draft.problems.push(unsendable(row.line, error));
      continue;
    }
    sent.push(row);
    yield row.text;
  }
}

/** Writes all of the rows, or none. */
async function attempt(
  tx: Transaction,
  table: BulkTable,
  rows: readonly SentRow[],
  experience: BulkExperience,
  draft: Draft,
): Promise<FailedAttempt | undefined> {
  const { conflict = 'refuse', key } = table;
  const canResolve = typeof conflict === 'object' || key !== undefined;
  const rest = rows[Symbol.iterator]();
  const sent: SentRow[] = [];
  if (typeof conflict === 'string' && !(canResolve && experience.expectsConflicts)) {
    const lines = linesOf(table, rest, sent, draft);
    const error = await undoable(tx, () => copyLines(tx, table, lines));
    if (error === undefined) {
      for (const row of sent) draft.written.push(row);
      return undefined;
    }
    if (!canResolve || databaseError(error)?.code !== UNIQUE_VIOLATION) {
      return { error, rows: [...sent, ...rest] };
    }
    experience.expectsConflicts = true;
  }
  for (const _ of linesOf(table, rest, sent, draft));
  const error = await undoable(tx, () => resolve(tx, table, sent, experience, draft));
  return error === undefined ? undefined : { error, rows: sent };
}

async function resolve(
  tx: Transaction,
  table: BulkTable,
  rows: readonly SentRow[],
  experience: BulkExperience,
  draft: Draft,
): Promise<void> {
  const taken = new Set(await insertResolving(tx, table, rows, experience));
  experience.expectsConflicts = taken.size > 0;
  for (const row of rows) {
    if (!taken.has(row.line)) draft.written.push(row);
    else settle(table, draft, takenProblem(row.line));
  }
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

function copyLines(tx: Transaction, table: BulkTable, lines: Iterable<string>): Promise<number> {
  const columns = [...table.columns, ...Object.keys(table.constants ?? {})].map(name => sql.id(name));
  const copy: SqlQuery<never> = sql`copy ${sql.id(...table.table)} (${sql.join(columns)}) from stdin`;
  return tx.copyIn(copy, copyChunks(lines));
}

/** Around the row that COPY named, or in the middle. */
function split({ rows, error }: FailedAttempt): SentRow[][] {
  const [, line] = /^COPY [^\n]*, line (\d+)/m.exec(databaseError(error)?.where ?? '') ?? [];
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

function unsendable(line: number, error: unknown): BulkProblem {
  if (!(error instanceof TypeError)) throw error;
  return { line, sqlState: undefined, message: error.message, constraint: undefined, column: undefined };
}

function takenProblem(line: number): BulkProblem {
  const message = 'a row with the same unique key exists already';
  return { line, sqlState: UNIQUE_VIOLATION, message, constraint: undefined, column: undefined };
}
