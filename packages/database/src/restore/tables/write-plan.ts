import { HoldfastError } from '@holdfast/core';
import { isUniqueViolation, sql, type Transaction } from '@holdfast/postgres';
import { type CheckContext, planKey } from './conflict-checks.ts';
import { orderTables } from './order-tables.ts';
import { childKey, type ForeignKey, parentKey, tableText } from './relation.ts';
import { stageTable, workTable } from './row-sql.ts';
import type { PlannedTable } from './table-plan.ts';
import { disableTriggers, enableTriggers } from './trigger-queries.ts';
import { updateInTurn } from './update-in-turn.ts';
import { countWork } from './work-queries.ts';
import { type Change, countExtra, countWrong, writeRows } from './write-queries.ts';

export interface WriteOptions {
  /** Users' triggers do not fire; foreign keys are checked all the same. */
  readonly disableTriggers: boolean;
  /** Keeps what triggers made of the rows; otherwise nothing is kept when that is not what the backup has. */
  readonly acceptTriggerChanges: boolean;
  /** Tables of which no row was left out: they are compared with all that came out of the backup. */
  readonly whole: readonly PlannedTable[];
  readonly onProgress: (step: string) => void;
}

/** Writes what the temporary tables say and compares. Throws `restore_refused` when the tables are not as planned then. */
export async function writePlan(
  tx: Transaction,
  context: CheckContext,
  options: WriteOptions,
): Promise<void> {
  const { tables } = context;
  if (options.disableTriggers) await disableTriggers(tx, tables);
  await writeInOrder(tx, context, options);
  await tx.execute(sql`set constraints all immediate`);
  if (options.disableTriggers) await enableTriggers(tx, tables);
  if (options.acceptTriggerChanges) return;
  for (const table of tables) {
    options.onProgress(`comparing ${tableText(table.relation)} with the backup`);
    await compareTable(tx, table, options.whole.includes(table));
  }
}

/** All staged rows and, for `exact`, their number; or the rows that were written. */
async function compareTable(tx: Transaction, table: PlannedTable, whole: boolean): Promise<void> {
  const all = whole && table.mode !== 'missing';
  const wrong = await countWrong(tx, table, all ? stageTable(table) : workTable(table));
  const extra = whole && table.mode === 'exact' ? await countExtra(tx, table) : 0;
  if (wrong + extra > 0) throw changedByTriggers(table, wrong + extra);
}

async function writeInOrder(tx: Transaction, context: CheckContext, options: WriteOptions): Promise<void> {
  const groups = orderTables(context.tables, context.foreignKeys);
  const counts = new Map(
    await Promise.all(context.tables.map(async table => [table, await countWork(tx, table)] as const)),
  );
  const late = lateDeletes(groups, context, table => (counts.get(table)?.updates ?? 0) > 0);
  const run = async (group: readonly PlannedTable[], ...changes: Change[]) => {
    const names = group.map(({ relation }) => tableText(relation)).join(', ');
    const wanted = group.reduce((sum, table) => {
      const count = counts.get(table);
      const of = { insert: count?.inserts ?? 0, update: count?.updates ?? 0, delete: count?.deletes ?? 0 };
      return sum + changes.reduce((total, change) => total + of[change], 0);
    }, 0);
    if (wanted === 0) return;
    options.onProgress(`${changes.join(' and ')}: ${wanted} rows of ${names}`);
    const done = await write(tx, group, changes);
    if (done !== wanted && !options.acceptTriggerChanges) throw notWritten(names, wanted, done);
  };
  for (const group of groups.toReversed()) if (!late.has(group)) await run(group, 'delete');
  for (const group of groups) {
    if (refersToItself(group, context.foreignKeys)) await run(group, 'update', 'insert');
    else {
      await run(group, 'update');
      await run(group, 'insert');
    }
  }
  for (const group of groups.toReversed()) if (late.has(group)) await run(group, 'delete');
}

/** Tries all at once, and in turns when rows stand in each other's way. */
async function write(
  tx: Transaction,
  group: readonly PlannedTable[],
  changes: readonly Change[],
): Promise<number> {
  if (!changes.includes('update')) return writeRows(tx, group, changes);
  await tx.execute(sql`savepoint holdfast_write`);
  try {
    const done = await writeRows(tx, group, changes);
    await tx.execute(sql`release savepoint holdfast_write`);
    return done;
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    await tx.execute(sql`rollback to savepoint holdfast_write`);
  }
  let done = 0;
  for (const table of group) done += await updateInTurn(tx, table);
  const others = changes.filter(change => change !== 'update');
  return done + (await writeRows(tx, group, others));
}

/** A row must not go before the rows that refer to it have been changed to refer to another one. */
function lateDeletes(
  groups: readonly PlannedTable[][],
  { foreignKeys }: CheckContext,
  isUpdated: (table: PlannedTable) => boolean,
): ReadonlySet<readonly PlannedTable[]> {
  const late = new Set<readonly PlannedTable[]>();
  for (const group of groups.toReversed()) {
    const children = groups.filter(other =>
      foreignKeys.some(
        key =>
          group.some(table => planKey(table) === parentKey(key)) &&
          other.some(table => planKey(table) === childKey(key)),
      ),
    );
    if (children.some(child => late.has(child) || child.some(isUpdated))) late.add(group);
  }
  return late;
}

function refersToItself(group: readonly PlannedTable[], foreignKeys: readonly ForeignKey[]): boolean {
  const keys = group.map(planKey);
  return (
    group.length > 1 ||
    foreignKeys.some(key => keys.includes(childKey(key)) && childKey(key) === parentKey(key))
  );
}

function notWritten(names: string, wanted: number, done: number): HoldfastError {
  return new HoldfastError(
    'restore_refused',
    `Of ${wanted} rows of ${names} only ${done} could be written: a trigger or rule of the table keeps the others out. Nothing was changed. Disable the triggers for the restore (--disable-triggers), or accept what they do (--accept-trigger-changes)`,
  );
}

function changedByTriggers({ relation }: PlannedTable, rows: number): HoldfastError {
  const triggers = [...new Set(relation.triggers.map(({ name }) => name))];
  const who = triggers.length === 0 ? 'a rule or another table' : `its triggers (${triggers.join(', ')})`;
  return new HoldfastError(
    'restore_refused',
    `${rows} rows of ${tableText(relation)} were not as in the backup after they had been written: ${who} changed them. Nothing was changed. Disable the triggers for the restore (--disable-triggers), or accept what they do (--accept-trigger-changes)`,
    { details: { triggers } },
  );
}
