import { type Clock, HoldfastError, systemClock } from '@holdfast/core';
import type { Connection, Transaction } from '@holdfast/postgres';
import { type CheckContext, planKey } from './conflict-checks.ts';
import { findConflicts } from './find-conflicts.ts';
import { lockTables } from './lock-tables.ts';
import { matchColumns } from './match-columns.ts';
import { tableText } from './relation.ts';
import { listForeignKeys, listRelations, readRelation } from './relation-queries.ts';
import { setExact } from './session-settings.ts';
import { createStage } from './stage-queries.ts';
import type { PlannedTable, RowConflict } from './table-plan.ts';
import {
  fillUndo,
  listTableRestores,
  markUndone,
  type RecordedRestore,
  type RecordedTable,
} from './undo-queries.ts';
import { countWork } from './work-queries.ts';
import { writePlan } from './write-plan.ts';

export interface UndoOptions {
  readonly target: Connection;
  /** As `restoreTables` gave it. */
  readonly id: string;
  /** Takes back what can be, although rows were changed since. */
  readonly partly: boolean;
  readonly disableTriggers: boolean;
  readonly action: 'plan' | 'apply';
  readonly lockWaitMs?: number;
  readonly onProgress?: (step: string) => void;
  readonly clock?: Clock;
  readonly random?: () => number;
}

export interface TableRestoreUndo {
  readonly outcome: 'planned' | 'undone' | 'refused';
  readonly id: string;
  readonly tables: readonly {
    readonly schema: string;
    readonly name: string;
    /** Rows that come back, get their former values, and go again. */
    readonly inserts: number;
    readonly updates: number;
    readonly deletes: number;
    /** Rows that somebody has changed or deleted since; they are left alone. */
    readonly changedSince: number;
    readonly conflicts: readonly RowConflict[];
  }[];
  /** What stays as the restore left it. */
  readonly notes: readonly string[];
}

class NotKept extends Error {
  readonly result: TableRestoreUndo;
  constructor(result: TableRestoreUndo) {
    super('rolled back as planned');
    this.result = result;
  }
}

/**
 * Takes a restore of tables back, in one transaction: rows that it inserted go, changed and deleted ones are as before, as far as
 * nobody has changed them since. Throws `not_found` for an unknown restore and `restore_refused` for one that cannot be undone.
 */
export async function undoTableRestore(options: UndoOptions): Promise<TableRestoreUndo> {
  try {
    return await options.target.transaction(tx => run(tx, options), { readOnly: false, retries: 0 });
  } catch (error) {
    if (error instanceof NotKept) return error.result;
    throw error;
  }
}

async function run(tx: Transaction, options: UndoOptions): Promise<TableRestoreUndo> {
  const { clock = systemClock, random = Math.random, lockWaitMs = 60_000 } = options;
  await setExact(tx);
  const restore = await findRestore(tx, options.id);
  const tables = await Promise.all(restore.tables.map(table => planTable(tx, restore, table)));
  for (const table of tables) await createStage(tx, table);
  if (options.action === 'apply') await lockTables(tx, tables, { clock, random, waitMs: lockWaitMs });
  const context: CheckContext = {
    tables,
    foreignKeys: await listForeignKeys(tx),
    find: key => tables.find(table => planKey(table) === key),
  };
  const result = await describe(tx, restore, context);
  const inTheWay = result.tables.some(
    table => table.conflicts.length > 0 || (table.changedSince > 0 && !options.partly),
  );
  if (inTheWay) throw new NotKept({ ...result, outcome: 'refused' });
  if (options.action === 'plan') throw new NotKept(result);
  const { disableTriggers, onProgress = () => undefined } = options;
  await writePlan(tx, context, { disableTriggers, acceptTriggerChanges: false, whole: [], onProgress });
  await markUndone(tx, restore.id);
  return { ...result, outcome: 'undone' };
}

async function findRestore(tx: Transaction, id: string): Promise<RecordedRestore> {
  const all = await listTableRestores(tx);
  const restore = all.find(item => item.id === id);
  if (restore === undefined) {
    const known = all.filter(({ undoneAt }) => undoneAt === null).slice(0, 5);
    const hint =
      known.length === 0 ? 'There is none.' : `There are: ${known.map(item => item.id).join(', ')}.`;
    throw new HoldfastError('not_found', `No restore of tables is on record as ${id}. ${hint}`);
  }
  if (restore.undoneAt === null) return restore;
  const when = restore.undoneAt.toISOString();
  throw new HoldfastError('restore_refused', `The restore ${id} was undone already, at ${when}.`);
}

async function planTable(
  tx: Transaction,
  restore: RecordedRestore,
  table: RecordedTable,
): Promise<PlannedTable> {
  const { schema, name, columns, key, position } = table;
  const found = (await listRelations(tx)).find(item => item.schema === schema && item.name === name);
  const refused = (why: string): HoldfastError =>
    new HoldfastError(
      'restore_refused',
      `${tableText(table)} ${why} since the restore ${restore.id}; it cannot be undone. Nothing was changed`,
    );
  if (found === undefined) throw refused('was dropped');
  const relation = await readRelation(tx, found.oid);
  const now = new Map(relation.columns.map(column => [column.name, column.type]));
  if (columns.some(column => now.get(column.name) !== column.type)) throw refused('got other columns');
  const names = columns.map(column => column.name);
  const known = { ...relation, columns: relation.columns.filter(column => names.includes(column.name)) };
  const { match } = matchColumns(known, relation);
  const keyNow = match.kind === 'key' ? match.columns : null;
  if (JSON.stringify(keyNow) !== JSON.stringify(key)) throw refused('got another key');
  return {
    position,
    relation,
    role: 'selected',
    mode: 'exact',
    match,
    columns: names,
    condition: undefined,
    created: false,
    notes: [],
  };
}

async function describe(
  tx: Transaction,
  restore: RecordedRestore,
  context: CheckContext,
): Promise<TableRestoreUndo> {
  const changed = new Map<PlannedTable, number>();
  for (const table of context.tables) changed.set(table, await fillUndo(tx, restore.id, table));
  const conflicts = await findConflicts(tx, context);
  const tables: TableRestoreUndo['tables'][number][] = [];
  for (const table of context.tables) {
    tables.push({
      schema: table.relation.schema,
      name: table.relation.name,
      ...(await countWork(tx, table)),
      changedSince: changed.get(table) ?? 0,
      conflicts: conflicts.get(table) ?? [],
    });
  }
  return { outcome: 'planned', id: restore.id, tables, notes: notesOf(restore) };
}

function notesOf({ tables }: RecordedRestore): string[] {
  return [
    'sequences stay where they are: they never go back',
    ...tables
      .filter(({ created }) => created)
      .map(
        ({ schema, name }) =>
          `${tableText({ schema, name })} was made by the restore and stays, without the rows; drop it by hand if it is not wanted`,
      ),
  ];
}
