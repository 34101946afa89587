import { type SqlQuery, sql, type Transaction } from '@holdfast/postgres';
import {
  ACTION,
  columnList,
  fromTable,
  goneTable,
  keysEqual,
  liveRows,
  names,
  rowsDiffer,
  rowText,
  stageTable,
  TAB,
  TID,
  workTable,
} from './row-sql.ts';
import type { PlannedTable } from './table-plan.ts';

/** Finds out what is to be written and deleted, out of the staged rows and the live ones as they are now. */
export async function fillWork(tx: Transaction, table: PlannedTable): Promise<void> {
  if (table.match.kind === 'rows') await fillByRows(tx, table);
  else await fillByKey(tx, table);
  await tx.execute(sql`analyze ${workTable(table)}`);
  await tx.execute(sql`analyze ${goneTable(table)}`);
}

async function fillByKey(tx: Transaction, table: PlannedTable): Promise<void> {
  const { columns, relation, mode } = table;
  const target = sql`insert into ${workTable(table)} (${names(columns)}, ${ACTION}, ${TID}, ${TAB})`;
  const stage = stageTable(table);
  await tx.execute(sql`${target} select ${columnList('s', columns)}, 'i', null, null from ${stage} s
    where not exists (select from ${fromTable(relation)} t where ${keysEqual(table, 't', 's')})`);
  if (mode === 'missing') return;
  await tx.execute(sql`${target} select ${columnList('s', columns)}, 'u', t.ctid, t.tableoid
    from ${stage} s join ${fromTable(relation)} t on ${keysEqual(table, 't', 's')} where ${rowsDiffer('s', 't', columns)}`);
  if (mode === 'overwrite') return;
  await tx.execute(sql`insert into ${goneTable(table)} select t.${TID}, t.${TAB} from ${liveRows(table)} t
    where not exists (select from ${stage} s where ${keysEqual(table, 't', 's')})`);
}

/** Equal rows are numbered on both sides: the third of its kind finds the third. */
function numbered(rows: SqlQuery<unknown>, alias: string, columns: readonly string[]): SqlQuery<never> {
  const text = rowText(alias, columns);
  return sql<never>`(select ${sql.id(alias)}.*, ${text} as "holdfast text",
    pg_catalog.row_number() over (partition by ${text}) as "holdfast number" from ${rows} ${sql.id(alias)})`;
}

const SAME_NUMBERED = sql`t."holdfast text" = s."holdfast text" and t."holdfast number" = s."holdfast number"`;

async function fillByRows(tx: Transaction, table: PlannedTable): Promise<void> {
  const { columns, mode } = table;
  const staged = numbered(sql`${stageTable(table)}`, 'x', columns);
  const live = numbered(liveRows(table), 'x', columns);
  await tx.execute(sql`insert into ${workTable(table)} (${names(columns)})
    select ${columnList('s', columns)} from ${staged} s left join ${live} t on ${SAME_NUMBERED}
    where t."holdfast number" is null`);
  if (mode !== 'exact') return;
  await tx.execute(sql`insert into ${goneTable(table)} select t.${TID}, t.${TAB} from ${live} t
    left join ${staged} s on ${SAME_NUMBERED} where s."holdfast number" is null`);
}

export interface WorkCounts {
  readonly inserts: number;
  readonly updates: number;
  readonly deletes: number;
}

export function countWork(tx: Transaction, table: PlannedTable): Promise<WorkCounts> {
  return tx.one(sql<WorkCounts>`
    select pg_catalog.count(*) filter (where ${ACTION} = 'i') as inserts,
      pg_catalog.count(*) filter (where ${ACTION} = 'u') as updates,
      (select pg_catalog.count(*) from ${goneTable(table)}) as deletes
    from ${workTable(table)}
  `);
}

export interface StagedCounts {
  readonly unchanged: number;
  readonly differing: number;
}

/** Of the staged rows those that are in the live table already, with the same values and with others. */
export async function countStaged(tx: Transaction, table: PlannedTable): Promise<StagedCounts> {
  const { columns, relation, mode } = table;
  if (table.match.kind === 'rows') {
    const { unchanged } = await tx.one(sql<{ unchanged: number }>`
      select (select pg_catalog.count(*) from ${stageTable(table)})
        - (select pg_catalog.count(*) from ${workTable(table)}) as unchanged`);
    return { unchanged, differing: 0 };
  }
  const found = await tx.one(sql<StagedCounts>`
    select pg_catalog.count(*) filter (where not different) as unchanged,
      pg_catalog.count(*) filter (where different) as differing
    from (select ${rowsDiffer('s', 't', columns)} as different
      from ${stageTable(table)} s join ${fromTable(relation)} t on ${keysEqual(table, 't', 's')}) found`);
  return mode === 'missing' ? found : { ...found, differing: 0 };
}
