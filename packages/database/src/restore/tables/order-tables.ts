import { planKey } from './conflict-checks.ts';
import { childKey, type ForeignKey, parentKey } from './relation.ts';
import type { PlannedTable } from './table-plan.ts';

/**
 * The tables in the order in which rows can be inserted: parents before children. Tables that refer to each other in a circle
 * stand together: their rows go in with one statement, since PostgreSQL checks foreign keys at its end.
 */
export function orderTables(
  tables: readonly PlannedTable[],
  foreignKeys: readonly ForeignKey[],
): PlannedTable[][] {
  const byKey = new Map(tables.map(table => [planKey(table), table]));
  const parents = new Map<PlannedTable, PlannedTable[]>(tables.map(table => [table, []]));
  for (const key of foreignKeys) {
    const [child, parent] = [byKey.get(childKey(key)), byKey.get(parentKey(key))];
    if (child !== undefined && parent !== undefined && child !== parent) parents.get(child)?.push(parent);
  }
  const reached = new Map(tables.map(table => [table, reachable(table, parents)]));
  const together = (one: PlannedTable, other: PlannedTable): boolean =>
    reached.get(one)?.has(other) === true && reached.get(other)?.has(one) === true;
  const groups: PlannedTable[][] = [];
  for (const table of tables) {
    const group = groups.find(([first]) => first !== undefined && together(first, table));
    if (group === undefined) groups.push([table]);
    else group.push(table);
  }
  // a child reaches all that its parent reaches, and itself
  const size = ([table]: PlannedTable[]): number =>
    (table === undefined ? undefined : reached.get(table))?.size ?? 0;
  return groups.sort((one, other) => size(one) - size(other));
}

function reachable(
  start: PlannedTable,
  parents: ReadonlyMap<PlannedTable, readonly PlannedTable[]>,
): ReadonlySet<PlannedTable> {
  const found = new Set([start]);
  for (const table of found) for (const parent of parents.get(table) ?? []) found.add(parent);
  return found;
}
