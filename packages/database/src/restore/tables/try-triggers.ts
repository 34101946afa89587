import { sql, sqlState, type Transaction } from '@holdfast/postgres';
import type { CheckContext } from './conflict-checks.ts';
import type { PlannedTable, TableRestorePlan } from './table-plan.ts';
import { writePlan } from './write-plan.ts';

/** More would keep writers of these rows waiting for too long, for a plan. */
const MOST_ROWS = 100_000;
const LOCK_MS = 1_500;
/** Somebody else holds or has changed the rows. */
const IN_USE = ['55P03', '40001', '40P01'];

export interface Trial {
  readonly context: CheckContext;
  /** What was planned, in the order of the tables. */
  readonly plans: readonly TableRestorePlan[];
  /** Of which no row was left out. */
  readonly whole: readonly PlannedTable[];
}

/**
 * Writes in a transaction that is rolled back afterwards, because only triggers themselves tell what they do to rows.
 * @returns why it is not known, a sentence each @throws HoldfastError `restore_refused` as the restore would
 */
export async function tryTriggers(
  tx: Transaction,
  { context, plans, whole }: Trial,
): Promise<readonly string[]> {
  const changes = plans.map(({ inserts, updates, deletes }) => inserts + updates + deletes);
  const firing = context.tables.filter(
    ({ created, relation }, index) => !created && relation.triggers.length > 0 && (changes[index] ?? 0) > 0,
  );
  if (firing.length === 0) return [];
  const rows = changes.reduce((sum, count) => sum + count, 0);
  if (rows > MOST_ROWS) return [notKnown(firing, `${rows} rows are too many to try it beforehand`)];
  await tx.query(sql`select pg_catalog.set_config('lock_timeout', ${String(LOCK_MS)}, true)`);
  const how = { disableTriggers: false, acceptTriggerChanges: false, whole, onProgress: () => undefined };
  try {
    await writePlan(tx, context, how);
    return [];
  } catch (error) {
    if (!IN_USE.includes(sqlState(error) ?? '')) throw error;
    return [notKnown(firing, 'others are writing them')];
  }
}

function notKnown(tables: readonly PlannedTable[], why: string): string {
  const triggers = [...new Set(tables.flatMap(({ relation }) => relation.triggers.map(({ name }) => name)))];
  return `whether triggers (${triggers.join(', ')}) change the rows, which would refuse the restore, is not known: ${why}`;
}
