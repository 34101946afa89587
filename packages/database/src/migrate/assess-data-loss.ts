import { quoteName, quotePath } from '../drift/reconcile/quote.ts';
import { statementKind } from '../sql-script/statement-kind.ts';
import { findOverwritten, readUpdated, type UpdatedTable } from './assess-overwritten.ts';
import { type DataLoss, NO_LOSS } from './data-loss.ts';
import type { MigrationScript } from './migration.ts';
import { summary } from './parse-migration.ts';
import {
  type ColumnShape,
  countRows,
  countValues,
  listTables,
  lockTable,
  type TableShape,
} from './relation-queries.ts';
import { retryOnLock } from './retry-on-lock.ts';
import { becomeOwner, type RunContext } from './run-context.ts';
import { inTransaction, runStatement } from './run-transactional.ts';

/** What one script would do to the tables there are now. */
export interface Assessment {
  readonly droppedTables: readonly TableShape[];
  readonly droppedColumns: readonly { readonly table: TableShape; readonly column: ColumnShape }[];
  readonly loss: DataLoss;
}

interface Trial {
  readonly before: readonly TableShape[];
  readonly after: readonly TableShape[];
  /** Rows left in tables that were rewritten or truncated, by oid. */
  readonly rowsLeft: ReadonlyMap<number, number>;
  readonly updated: readonly UpdatedTable[];
  readonly untried: DataLoss['untried'];
}

class TrialOver extends Error {}

/**
 * Tries scripts, one after the other, in a transaction that is always rolled back, and tells for each what data it would
 * destroy. What cannot run in a transaction is not tried: concurrent index builds and vacuum lose nothing, anything else is
 * named as untried. Errors carry the statement that failed.
 */
export function assessDataLoss(
  context: RunContext,
  scripts: readonly MigrationScript[],
): Promise<Assessment[]> {
  return retryOnLock(context, 'the trial run', async () => {
    const assessments: Assessment[] = [];
    try {
      await inTransaction(context, { file: 'the trial run' }, async () => {
        for (const script of scripts) assessments.push(await assessScript(context, script));
        throw new TrialOver();
      });
    } catch (error) {
      if (!(error instanceof Error && error.cause instanceof TrialOver)) throw error;
    }
    return assessments;
  });
}

/** Tries a script, takes it back to count what it would destroy, and runs it again for the scripts after it. */
async function assessScript(context: RunContext, script: MigrationScript): Promise<Assessment> {
  const { connection } = context;
  await connection.script('savepoint holdfast_trial');
  const before = await listTables(connection);
  const untried = await tryStatements(context, script);
  const after = await listTables(connection);
  const rowsLeft = await countRewritten(context, before, after);
  const updated = await readUpdated(connection, before, after);
  await connection.script('rollback to savepoint holdfast_trial');
  const assessment = await assess(context, { before, after, rowsLeft, updated, untried });
  await tryStatements(context, script);
  return assessment;
}

async function tryStatements(
  context: RunContext,
  { file, statements }: MigrationScript,
): Promise<DataLoss['untried']> {
  const untried: { file: string; line: number; summary: string }[] = [];
  for (const statement of statements) {
    const kind = statementKind(statement);
    if (kind === 'opaque') untried.push({ file, line: statement.line, summary: summary(statement) });
    if (kind === 'transactional' || kind === 'session' || kind === 'savepoint') {
      await runStatement(context, file, statement);
    }
  }
  await becomeOwner(context);
  return untried;
}

async function countRewritten(
  { connection }: RunContext,
  before: readonly TableShape[],
  after: readonly TableShape[],
): Promise<Map<number, number>> {
  const left = new Map<number, number>();
  for (const table of after) {
    const earlier = before.find(({ oid }) => oid === table.oid);
    if (earlier !== undefined && earlier.fileNode !== table.fileNode) {
      left.set(table.oid, await countRows(connection, table));
    }
  }
  return left;
}

/** Counts in the tables as they are before the script. */
async function assess(context: RunContext, trial: Trial): Promise<Assessment> {
  const droppedTables = trial.before.filter(({ oid }) => !trial.after.some(table => table.oid === oid));
  const kept = pairs(trial.before, trial.after);
  const changed = kept.flatMap(({ table, later }) => changedColumns(table, later));
  const loss = {
    tables: await countTables(context, droppedTables),
    columns: await countColumns(context, changed),
    rows: await countDeleted(context, kept, trial.rowsLeft),
    overwritten: await findOverwritten(context.connection, trial.updated),
    untried: trial.untried,
  };
  return { droppedTables, droppedColumns: changed.filter(({ change }) => change === 'dropped'), loss };
}

async function countTables(
  { connection }: RunContext,
  tables: readonly TableShape[],
): Promise<DataLoss['tables']> {
  const found: { table: string; rows: number }[] = [];
  for (const table of tables)
    found.push({ table: qualified(table), rows: await countRows(connection, table) });
  return found.filter(({ rows }) => rows > 0);
}

async function countColumns(
  { connection }: RunContext,
  changed: readonly ChangedColumn[],
): Promise<DataLoss['columns']> {
  const found: DataLoss['columns'][number][] = [];
  for (const { table, column, change } of changed) {
    const values = await countValues(connection, table, column.name);
    found.push({ table: qualified(table), column: quoteName(column.name), values, change });
  }
  return found.filter(({ values }) => values > 0);
}

async function countDeleted(
  { connection }: RunContext,
  kept: readonly KeptTable[],
  rowsLeft: Trial['rowsLeft'],
): Promise<DataLoss['rows']> {
  const found: { table: string; rows: number }[] = [];
  for (const { table, later } of kept) {
    const left = rowsLeft.get(table.oid);
    const truncated = left === undefined ? 0 : (await countRows(connection, table)) - left;
    found.push({ table: qualified(table), rows: Math.max(truncated, later.deleted - table.deleted) });
  }
  return found.filter(({ rows }) => rows > 0);
}

interface KeptTable {
  readonly table: TableShape;
  readonly later: TableShape;
}

interface ChangedColumn {
  readonly table: TableShape;
  readonly column: ColumnShape;
  readonly change: 'dropped' | 'retyped';
}

function pairs(before: readonly TableShape[], after: readonly TableShape[]): KeptTable[] {
  return before.flatMap(table => {
    const later = after.find(({ oid }) => oid === table.oid);
    return later === undefined ? [] : [{ table, later }];
  });
}

function changedColumns(table: TableShape, later: TableShape): ChangedColumn[] {
  return table.columns.flatMap((column): ChangedColumn[] => {
    const found = later.columns.find(({ number }) => number === column.number);
    if (found === undefined) return [{ table, column, change: 'dropped' }];
    return found.type === column.type ? [] : [{ table, column, change: 'retyped' }];
  });
}

function qualified({ schema, name }: TableShape): string {
  return quotePath([schema, name]);
}

/**
 * Locks what a script will drop and counts again, in the transaction that drops it: rows that arrived since the trial are data,
 * too.
 */
export async function recheckEmpty(context: RunContext, assessment: Assessment): Promise<DataLoss> {
  const { droppedTables, droppedColumns } = assessment;
  for (const table of droppedTables) await lockTable(context.connection, table);
  for (const { table } of droppedColumns) await lockTable(context.connection, table);
  const changed = droppedColumns.map(({ table, column }) => ({ table, column, change: 'dropped' as const }));
  return {
    ...NO_LOSS,
    tables: await countTables(context, droppedTables),
    columns: await countColumns(context, changed),
  };
}
