import { type Clock, systemClock } from '@holdfast/core';
import type { Connection, Transaction } from '@holdfast/postgres';
import { advanceSequences } from './advance-sequences.ts';
import { bringParents } from './bring-parents.ts';
import { type CheckContext, planKey } from './conflict-checks.ts';
import { type ConflictsByTable, findConflicts, skipConflicts } from './find-conflicts.ts';
import { leftBehind } from './left-behind.ts';
import { type LoadedTables, loadTables, type Sides } from './load-tables.ts';
import { lockTables } from './lock-tables.ts';
import { refuseGrowth } from './refuse-growth.ts';
import { tableText } from './relation.ts';
import { rowCondition } from './row-condition.ts';
import { runLateStatements } from './run-recreation.ts';
import { type SampleOptions, sampleRows } from './sample-queries.ts';
import { searchPath, setExact, setSearchPath } from './session-settings.ts';
import { analyzeStage, copyRows, createStage, pruneStage } from './stage-queries.ts';
import type {
  PlannedTable,
  RowConflict,
  TableRestore,
  TableRestoreMode,
  TableRestorePlan,
} from './table-plan.ts';
import { tryTriggers } from './try-triggers.ts';
import { ensureUndoTables, keepBefore, recordRestore, recordRows } from './undo-queries.ts';
import { countStaged, countWork, fillWork } from './work-queries.ts';
import { writePlan } from './write-plan.ts';

export interface TableRestoreOptions {
  /** A database of a backup that was brought to life; only read, in one snapshot. */
  readonly source: Connection;
  /** The live database, as the owner of the tables. */
  readonly target: Connection;
  /** `users`, `app.users`, or patterns such as `app.*`. */
  readonly tables: readonly string[];
  /** What stands behind WHERE: only rows for which it holds, in each of the tables. */
  readonly rows?: string | undefined;
  readonly mode: TableRestoreMode;
  /** Brings along rows of other tables that the rows refer to and that are not there. */
  readonly withParents: boolean;
  /** Leaves out rows that cannot be brought back, with those that need them; otherwise one refuses all. */
  readonly skipConflicts: boolean;
  readonly disableTriggers: boolean;
  readonly acceptTriggerChanges: boolean;
  /** Keeps in the ledger what `undoTableRestore` needs. */
  readonly keepUndo: boolean;
  /** What the backup is called in the ledger. */
  readonly label: string;
  readonly samples: SampleOptions;
  /**
   * Runs at the end of the transaction, when rows were compared: what else has to be true before others see them. What it
   * resolves to is told with the notes.
   */
  readonly beforeCommit?:
    | ((tx: Transaction, tables: readonly TableRestorePlan[]) => Promise<readonly string[]>)
    | undefined;
  /** `plan`: shows what would be done. Given an earlier plan, `apply` refuses to change or delete more than that showed. */
  readonly action:
    | {
        readonly kind: 'plan';
        /** Whether to write and roll back where triggers fire, which tells whether they would refuse it. */
        readonly tryTriggers?: boolean;
      }
    | { readonly kind: 'apply'; readonly confirmed?: TableRestore };
  /** The longest time to try to lock the tables. Default 60,000 ms. */
  readonly lockWaitMs?: number;
  readonly onProgress?: (step: string) => void;
  readonly clock?: Clock;
  readonly random?: () => number;
}

/** The way out of a transaction that is not to be kept. */
class NotKept extends Error {
  readonly result: TableRestore;
  constructor(result: TableRestore) {
    super('rolled back as planned');
    this.result = result;
  }
}

/**
 * Brings tables or rows back out of a backup. Everything happens in one transaction of the live database: rows are copied
 * beside, the tables are locked against writers (readers go on), what is to be done is worked out exactly, written parents first,
 * and compared; a plan goes the same way without lock and is
 * rolled back. Other tables get no row but parents that are asked for.
 * Throws `restore_refused`, `lock_timeout` and what the databases throw; nothing is changed then.
 */
export async function restoreTables(options: TableRestoreOptions): Promise<TableRestore> {
  const { source, target, action } = options;
  try {
    return await source.transaction(
      from =>
        target.transaction(to => run({ source: from, target: to }, options), {
          isolation: action.kind === 'plan' ? 'repeatable read' : 'read committed',
          readOnly: false,
          retries: 0,
        }),
      { isolation: 'repeatable read', readOnly: true, retries: 0 },
    );
  } catch (error) {
    if (error instanceof NotKept) return error.result;
    throw error;
  }
}

async function run(sides: Sides, options: TableRestoreOptions): Promise<TableRestore> {
  const { target } = sides;
  const { action, onProgress = () => undefined } = options;
  await Promise.all([setExact(sides.source), setExact(target)]);
  await setSearchPath(sides.source, await searchPath(target));
  const condition = options.rows === undefined ? undefined : rowCondition(options.rows);
  const loaded = await loadTables(sides, { tables: options.tables, condition, mode: options.mode });
  await stage(sides, loaded.tables, onProgress);
  if (action.kind === 'apply') await lockLive(target, loaded.tables, options);
  onProgress('comparing with the live rows');
  for (const table of loaded.tables) await fillWork(target, table);
  const context = contextOf(loaded);
  if (options.withParents)
    await bringParents({ ...sides, ...context, tables: loaded.tables, adopt: adopter(loaded) });
  const conflicts = await findConflicts(target, context);
  const skipped = options.skipConflicts ? await skipConflicts(target, context) : undefined;
  const plan = await describe(target, loaded, skipped ?? conflicts, options);
  const refused = [...conflicts.values()]
    .flat()
    .some(conflict => !(options.skipConflicts && conflict.canSkip));
  if (refused) throw new NotKept({ ...plan, outcome: 'refused' });
  if (action.kind === 'plan') throw new NotKept(await tried(target, loaded, plan, options));
  if (action.confirmed !== undefined) refuseGrowth(action.confirmed, plan);
  return apply(sides, loaded, plan, options);
}

/** The plan with what a trial says, where one is wanted and triggers are neither off nor accepted. */
async function tried(
  target: Transaction,
  loaded: LoadedTables,
  plan: TableRestore,
  { action, disableTriggers, acceptTriggerChanges }: TableRestoreOptions,
): Promise<TableRestore> {
  const wanted = action.kind === 'plan' && action.tryTriggers === true;
  if (!wanted || disableTriggers || acceptTriggerChanges) return plan;
  const trial = { context: contextOf(loaded), plans: plan.tables, whole: wholeTables(loaded, plan) };
  return { ...plan, notes: [...plan.notes, ...(await tryTriggers(target, trial))] };
}

/** Those asked for of which no row is left out. */
function wholeTables({ tables }: LoadedTables, plan: TableRestore): PlannedTable[] {
  return tables.filter(
    (table, index) => table.role === 'selected' && plan.tables[index]?.conflicts.length === 0,
  );
}

async function stage(
  { source, target }: Sides,
  tables: readonly PlannedTable[],
  onProgress: (step: string) => void,
): Promise<void> {
  for (const table of tables) {
    const name = tableText(table.relation);
    onProgress(`copying ${name} out of the backup`);
    await createStage(target, table);
    const rows = await copyRows(source, target, table);
    onProgress(`copied ${rows} rows of ${name}`);
    await pruneStage(target, table);
    await analyzeStage(target, table);
  }
}

async function lockLive(
  target: Transaction,
  tables: readonly PlannedTable[],
  options: TableRestoreOptions,
): Promise<void> {
  const { clock = systemClock, random = Math.random, lockWaitMs = 60_000 } = options;
  await lockTables(
    target,
    tables.filter(table => !table.created),
    { clock, random, waitMs: lockWaitMs },
  );
}

function contextOf({ tables, foreignKeys }: LoadedTables): CheckContext {
  return { tables, foreignKeys, find: key => tables.find(table => planKey(table) === key) };
}

function adopter({ tables, adopt }: LoadedTables): (key: string) => Promise<PlannedTable | undefined> {
  return async key => {
    const table = await adopt(key);
    if (table !== undefined) tables.push(table);
    return table;
  };
}

async function describe(
  target: Transaction,
  { tables, recreation, foreignKeys, notes }: LoadedTables,
  conflicts: ConflictsByTable,
  { samples }: TableRestoreOptions,
): Promise<TableRestore> {
  const plans: TableRestorePlan[] = [];
  for (const table of tables)
    plans.push(await describeTable(target, table, conflicts.get(table) ?? [], samples));
  return {
    outcome: 'planned',
    id: null,
    tables: plans,
    created: recreation?.objects ?? [],
    sequences: [],
    notes: [
      ...notes,
      ...(recreation?.notes ?? []),
      ...(await leftBehind(target, {
        ...{ tables, plans, foreignKeys },
        emptyColumns: recreation?.emptyColumns ?? [],
      })),
    ],
  };
}

async function describeTable(
  target: Transaction,
  table: PlannedTable,
  conflicts: readonly RowConflict[],
  samples: SampleOptions,
): Promise<TableRestorePlan> {
  const { relation, role, created, match, notes } = table;
  const counts = await countWork(target, table);
  const staged = role === 'selected' ? await countStaged(target, table) : { unchanged: 0, differing: 0 };
  return {
    schema: relation.schema,
    name: relation.name,
    role,
    created,
    matchedBy: match.kind === 'key' ? match.index.name : null,
    ...counts,
    ...staged,
    conflicts,
    samples: await sampleRows(target, table, samples),
    notes,
  };
}

async function apply(
  sides: Sides,
  loaded: LoadedTables,
  plan: TableRestore,
  options: TableRestoreOptions,
): Promise<TableRestore> {
  const { target } = sides;
  const { onProgress = () => undefined, disableTriggers, acceptTriggerChanges, keepUndo } = options;
  const { tables, recreation } = loaded;
  const id = keepUndo ? restoreId(options) : null;
  if (id !== null) {
    await ensureUndoTables(target);
    for (const table of tables) await keepBefore(target, table);
  }
  const how = { disableTriggers, acceptTriggerChanges, whole: wholeTables(loaded, plan), onProgress };
  await writePlan(target, contextOf(loaded), how);
  if (recreation !== undefined) onProgress('making indexes, constraints and triggers');
  const notes = recreation === undefined ? [] : await runLateStatements(target, recreation.after);
  const sequences = await advanceSequences(sides, loaded);
  const besides = (await options.beforeCommit?.(target, plan.tables)) ?? [];
  if (id !== null) await record(target, id, tables, options);
  return { ...plan, outcome: 'restored', id, sequences, notes: [...plan.notes, ...notes, ...besides] };
}

async function record(
  target: Transaction,
  id: string,
  tables: readonly PlannedTable[],
  options: TableRestoreOptions,
): Promise<void> {
  const recorded = tables.map(({ position, relation, created, columns, match }) => ({
    position,
    schema: relation.schema,
    name: relation.name,
    created,
    columns: relation.columns
      .filter(({ name }) => columns.includes(name))
      .map(({ name, type }) => ({ name, type })),
    key: match.kind === 'key' ? match.columns : null,
  }));
  await recordRestore(target, { id, source: options.label, mode: options.mode, tables: recorded });
  for (const table of tables) await recordRows(target, id, table);
}

/** Sorts by time: `20261121T133045Z-tables-k3f9`. */
function restoreId({ clock = systemClock, random = Math.random }: TableRestoreOptions): string {
  const time = new Date(clock.now()).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const letters = Array.from(
    { length: 4 },
    () => 'abcdefghijklmnopqrstuvwxyz234567'[Math.floor(random() * 32)],
  );
  return `${time}-tables-${letters.join('')}`;
}
