import { HoldfastError } from '@holdfast/core';
import {
  listTableRestores,
  restoreTables,
  type TableRestore,
  type TableRestoreOptions,
  undoTableRestore,
} from '@holdfast/database/restore/tables';
import { type Connection, connect } from '@holdfast/postgres';
import { touchedWith } from '../hands/rows.ts';
import { refuseBareParents } from './bare-parents.ts';
import { databaseOf, inSession, type StepOf, type StepWork } from './step-work.ts';

/** Brings rows back: first as a plan, which is refused when anything stands in the way, then for good. */
export async function restoreRows(work: StepWork, step: StepOf<'rows'>): Promise<string> {
  const { openBackup } = work.tools;
  if (openBackup === undefined)
    throw new HoldfastError('restore_refused', 'No backup can be opened from here');
  const backup = await openBackup(step.action.backup);
  try {
    const database = databaseOf(work.addresses.owner);
    const source = await connect({
      url: backup.urlOf(database),
      applicationName: 'holdfast-repair',
    });
    try {
      return await inSession(work, 'owner', target =>
        bringBack(work, step, { source, target, from: backup.label, beforeCommit: backup.beforeCommit }),
      );
    } finally {
      await source.close();
    }
  } finally {
    await backup.discard();
  }
}

interface Sides {
  readonly source: Connection;
  readonly target: Connection;
  readonly from: string;
  readonly beforeCommit: TableRestoreOptions['beforeCommit'];
}

async function bringBack(
  work: StepWork,
  step: StepOf<'rows'>,
  { source, target, from, beforeCommit }: Sides,
): Promise<string> {
  const { tables, mode, rows, leaves = [], withoutParents = false } = step.action;
  const common = {
    ...{ source, target, tables, mode, rows, beforeCommit },
    withParents: !withoutParents,
    skipConflicts: withoutParents,
    disableTriggers: false,
    acceptTriggerChanges: false,
    keepUndo: true,
    label: `${labelOf(work)} from ${from}`,
    samples: { count: 0, mask: true },
    onProgress: work.onProgress,
  };
  const plan = await restoreTables({ ...common, action: { kind: 'plan' } });
  refuseConflicts(plan);
  await refuseBareParents(step, plan, common);
  const result = await restoreTables({ ...common, action: { kind: 'apply', confirmed: plan } });
  refuseConflicts(result);
  step.transaction = result.id;
  step.touched = touchedWith(result.tables.map(({ schema, name }) => `${schema}.${name}`));
  step.remains = [
    ...result.tables.flatMap(remainsOf),
    ...leaves.map(table => `rows of ${table} that went with them not brought back`),
  ];
  return [...result.tables.map(describe), ...result.notes].join('; ');
}

function refuseConflicts({ outcome, tables }: TableRestore): void {
  if (outcome !== 'refused') return;
  const why = tables.flatMap(({ schema, name, conflicts }) =>
    conflicts.map(({ message }) => `${schema}.${name}: ${message}`),
  );
  throw new HoldfastError('restore_refused', `Rows stand in the way: ${why.join('; ')}`);
}

type RestoredTable = TableRestore['tables'][number];

function describe(table: RestoredTable): string {
  const { schema, name, inserts, updates, created } = table;
  const made = created ? ', and the table itself' : '';
  const stays =
    table.differing === 0 ? '' : `; of those still there, ${table.differing} differ and stay as they are`;
  return `${schema}.${name}: ${inserts} rows brought back, ${updates} put right${made}${stays}`;
}

/**
 * Whose keys were given again since, or that were changed: only a person knows which of the two is right. And those that were left out.
 */
function remainsOf({ schema, name, differing, conflicts }: RestoredTable): string[] {
  const leftOut = conflicts.map(
    ({ rows, message }) => `${countOf(rows)} of ${schema}.${name} not brought back: ${message}`,
  );
  if (differing === 0) return leftOut;
  const differ = differing === 1 ? 'differs' : 'differ';
  return [
    ...leftOut,
    `${countOf(differing)} of ${schema}.${name} that ${differ} from the backup left as found`,
  ];
}

function countOf(rows: number): string {
  return rows === 1 ? '1 row' : `${rows} rows`;
}

/** The restore that this step has made, as the ledger has it; undefined when it was cut off before it was committed. */
export async function findRestore(work: StepWork): Promise<string | undefined> {
  const all = await inSession(work, 'owner', connection => listTableRestores(connection));
  return all.find(({ source, undoneAt }) => undoneAt === null && source.startsWith(`${labelOf(work)} `))?.id;
}

export async function undoRows(work: StepWork, step: StepOf<'rows'>): Promise<string> {
  const id = step.transaction ?? (await findRestore(work));
  if (id === undefined) return 'nothing was brought back';
  return inSession(work, 'owner', async target => {
    const undone = await undoTableRestore({
      ...{ target, id, partly: false, disableTriggers: false, action: 'apply' },
      onProgress: work.onProgress,
    });
    if (undone.outcome === 'undone') return `the restore ${id} was taken back`;
    throw new HoldfastError(
      'restore_refused',
      `Rows were changed since they came back, so the restore ${id} stays: holdfast restore ${id} --undo shows which`,
    );
  });
}

function labelOf({ repair }: StepWork): string {
  return `repair ${repair.id}`;
}
