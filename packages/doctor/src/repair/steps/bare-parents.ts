import { HoldfastError } from '@holdfast/core';
import {
  restoreTables,
  type TableRestore,
  type TableRestoreOptions,
} from '@holdfast/database/restore/tables';
import { type Queryable, sql } from '@holdfast/postgres';
import { restoreCommand } from '../hands/rows.ts';
import { listCascades } from '../hands/table-facts.ts';
import { quoteName } from '../statement.ts';
import type { StepOf } from './step-work.ts';

/**
 * Refuses a plan by which rows come along that others refer to, without what hung on them: an account without its password is worse
 * than none. @throws HoldfastError `restore_refused`, with what to type
 */
export async function refuseBareParents(
  { action }: StepOf<'rows'>,
  plan: TableRestore,
  options: Omit<TableRestoreOptions, 'action'>,
): Promise<void> {
  const along = plan.tables.filter(({ role, inserts }) => role === 'parent' && inserts > 0);
  const parents = along.map(nameOf);
  const spared = new Set([...parents, ...action.tables, ...(action.leaves ?? []), ...(action.passing ?? [])]);
  const hanging = (await listHanging(options, along)).filter(name => !spared.has(name));
  if (hanging.length === 0) return;
  const tables = [...parents, ...hanging];
  const whole = await restoreTables({ ...options, tables, rows: undefined, action: { kind: 'plan' } });
  const missed = whole.tables.filter(table => hanging.includes(nameOf(table)) && table.inserts > 0);
  if (missed.length === 0) return;
  throw new HoldfastError(
    'restore_refused',
    `Rows of ${parents.join(', ')} that they refer to are gone as well, and would come back without what hung on them (${missed.map(nameOf).join(', ')}). First ${restoreCommand(action.backup, tables)}, then holdfast doctor --fix again`,
  );
}

async function listHanging(
  { source, target }: Pick<TableRestoreOptions, 'source' | 'target'>,
  parents: TableRestore['tables'],
): Promise<string[]> {
  const found = new Set<string>();
  for (const { schema, name } of parents) {
    for (const child of await listCascades(target, quoteName(schema, name))) {
      if (await isThere(source, child.table)) found.add(nameOf(child));
    }
  }
  return [...found];
}

async function isThere(db: Queryable, table: string): Promise<boolean> {
  const { found } = await db.one(
    sql<{ found: boolean }>`select pg_catalog.to_regclass(${table}) is not null as found`,
  );
  return found;
}

function nameOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${schema}.${name}`;
}
