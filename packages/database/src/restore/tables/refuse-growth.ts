import { HoldfastError } from '@holdfast/core';
import { tableText } from './relation.ts';
import type { TableRestore } from './table-plan.ts';

/** Throws `restore_refused` when more rows would be changed or deleted now than the plan that was agreed to says. */
export function refuseGrowth(confirmed: TableRestore, now: TableRestore): void {
  for (const { schema, name, updates, deletes } of now.tables) {
    const before = confirmed.tables.find(table => table.schema === schema && table.name === name);
    const [oldUpdates, oldDeletes] = [before?.updates ?? 0, before?.deletes ?? 0];
    if (updates <= oldUpdates && deletes <= oldDeletes) continue;
    throw new HoldfastError(
      'restore_refused',
      `${tableText({ schema, name })} was written meanwhile: ${updates} rows would be changed and ${deletes} deleted, not ${oldUpdates} and ${oldDeletes} as shown. Nothing was changed; look at the plan again`,
    );
  }
}
