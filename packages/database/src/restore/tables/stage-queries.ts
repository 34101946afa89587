import { errorMessage, HoldfastError } from '@holdfast/core';
import { sql, sqlState, type Transaction } from '@holdfast/postgres';
import { tableText } from './relation.ts';
import {
  ACTION,
  fromTable,
  goneTable,
  keysEqual,
  liveRows,
  names,
  stageTable,
  TAB,
  TID,
  WANTED,
  workTable,
} from './row-sql.ts';
import type { PlannedTable } from './table-plan.ts';

/** The three temporary tables of one table, empty, with the live types and collations. They go with the transaction. */
export async function createStage(tx: Transaction, table: PlannedTable): Promise<void> {
  const { columns, relation } = table;
  for (const name of [stageTable(table), workTable(table)]) {
    await tx.execute(
      sql`create temporary table ${name} on commit drop as select ${names(columns)} from ${fromTable(relation)} with no data`,
    );
  }
  await tx.execute(
    sql`alter table ${stageTable(table)} add column ${WANTED} pg_catalog.bool not null default true`,
  );
  await tx.execute(sql`alter table ${workTable(table)} add column ${ACTION} pg_catalog."char" not null default 'i',
    add column ${TID} pg_catalog.tid, add column ${TAB} pg_catalog.oid`);
  await tx.execute(
    sql`create temporary table ${goneTable(table)} (${TID} pg_catalog.tid, ${TAB} pg_catalog.oid) on commit drop`,
  );
}

/**
 * Copies the rows of the backup that are asked for. With a condition and `exact` all rows come, marked: one that the condition
 * no longer holds for in the live table has to be found by its key.
 * @returns how many rows came
 * @throws `usage` for a condition that means nothing to this table
 */
export async function copyRows(
  source: Transaction,
  target: Transaction,
  table: PlannedTable,
): Promise<number> {
  const { columns, relation, condition } = table;
  const list = names(columns);
  const all = needsAllRows(table);
  const filter = condition === undefined || all ? sql`` : sql`where ${condition}`;
  const mark = all ? sql`, ${condition ?? sql`true`} is true` : sql`, true`;
  const data = source.copyOut(
    sql`copy (select ${list} ${mark} from ${fromTable(relation)} ${filter}) to stdout`,
  );
  try {
    return await target.copyIn(sql`copy ${stageTable(table)} (${list}, ${WANTED}) from stdin`, data);
  } catch (cause) {
    if (condition === undefined || !/^(42|22)/.test(sqlState(cause) ?? '')) throw cause;
    const name = tableText(relation);
    const message = `The condition on rows does not fit ${name} in the backup: ${errorMessage(cause)}. Nothing was changed`;
    throw new HoldfastError('usage', message, { cause });
  }
}

function needsAllRows({ condition, mode, match }: PlannedTable): boolean {
  return condition !== undefined && mode === 'exact' && match.kind === 'key';
}

/** Drops the rows that only came to be looked up and were not needed. */
export async function pruneStage(tx: Transaction, table: PlannedTable): Promise<void> {
  if (!needsAllRows(table)) return;
  await tx.execute(sql`delete from ${stageTable(table)} s where not ${WANTED}
    and not exists (select from ${liveRows(table)} t where ${keysEqual(table, 't', 's')})`);
}

export async function analyzeStage(tx: Transaction, table: PlannedTable): Promise<void> {
  await tx.execute(sql`analyze ${stageTable(table)}`);
}

/** How many rows of the backup share their key with another one of it. */
export async function countDuplicateKeys(tx: Transaction, table: PlannedTable): Promise<number> {
  if (table.match.kind === 'rows') return 0;
  const { rows } = await tx.one(sql<{ rows: number }>`
    select coalesce(pg_catalog.sum(n), 0)::pg_catalog.int8 as rows from (
      select pg_catalog.count(*) as n from ${stageTable(table)} group by ${names(table.match.columns)}
      having pg_catalog.count(*) > 1) twice
  `);
  return rows;
}
