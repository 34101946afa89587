import { type SqlQuery, sql, type Transaction } from '@holdfast/postgres';
import { fixedColumns } from './find-conflicts.ts';
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
  WANTED,
  workTable,
} from './row-sql.ts';
import type { PlannedTable } from './table-plan.ts';

export type Change = 'insert' | 'update' | 'delete';

/**
 * Makes the changes, one kind after the other, in all of the tables with one statement, at whose end foreign keys are checked.
 * @returns rows changed in all
 */
export async function writeRows(
  tx: Transaction,
  tables: readonly PlannedTable[],
  changes: readonly Change[],
): Promise<number> {
  const statements = changes.flatMap(change => tables.map(table => statementOf(table, change)));
  const [first, ...others] = statements;
  if (first === undefined) return 0;
  if (others.length === 0) return tx.execute(first);
  const parts = statements.map(
    (statement, number) => sql`${sql.id(`w${number}`)} as (${statement} returning 1)`,
  );
  const counts = statements.map(
    (_, number) => sql`(select pg_catalog.count(*) from ${sql.id(`w${number}`)})`,
  );
  const { rows } = await tx.one(
    sql<{ rows: number }>`with ${sql.join(parts)} select ${sql.join(counts, sql` + `)} as rows`,
  );
  return rows;
}

function statementOf(table: PlannedTable, change: Change): SqlQuery<unknown> {
  const { relation, columns } = table;
  if (change === 'insert') {
    return sql`insert into ${sql.id(relation.schema, relation.name)} (${names(columns)}) overriding system value
      select ${columnList('w', columns)} from ${workTable(table)} w where w.${ACTION} = 'i'`;
  }
  const place = sql`t.ctid = w.${TID} and t.tableoid = w.${TAB}`;
  if (change === 'delete') {
    return sql`delete from ${fromTable(relation)} t using ${goneTable(table)} w where ${place}`;
  }
  return updateStatement(table);
}

/** Ends in a condition, for others to be added with `and`. */
export function updateStatement(table: PlannedTable): SqlQuery<unknown> {
  const { relation, columns } = table;
  const fixed = fixedColumns(table);
  // a row of nothing but such columns has no other version of itself
  const set = columns.filter(column => !fixed.includes(column));
  const values = set.map(column => sql`${sql.id(column)} = ${sql.id('w', column)}`);
  return sql`update ${fromTable(relation)} t set ${sql.join(values)} from ${workTable(table)} w
    where w.${ACTION} = 'u' and t.ctid = w.${TID} and t.tableoid = w.${TAB}`;
}

/** How many rows of a temporary table are not in the live one exactly as they stand there. */
export async function countWrong(
  tx: Transaction,
  table: PlannedTable,
  rows: SqlQuery<unknown>,
): Promise<number> {
  const { columns, relation } = table;
  if (table.match.kind === 'rows') return countWrongByText(tx, table, rows);
  const { wrong } = await tx.one(sql<{ wrong: number }>`
    select pg_catalog.count(*) as wrong from ${rows} w
    where not exists (select from ${fromTable(relation)} t
      where ${keysEqual(table, 't', 'w')} and not ${rowsDiffer('w', 't', columns)})`);
  return wrong;
}

async function countWrongByText(
  tx: Transaction,
  { columns, relation }: PlannedTable,
  rows: SqlQuery<unknown>,
): Promise<number> {
  const [theirs, ours] = [rowText('w', columns), rowText('t', columns)];
  const { wrong } = await tx.one(sql<{ wrong: number }>`
    select coalesce(pg_catalog.sum(greatest(w.n - coalesce(t.n, 0), 0)), 0)::pg_catalog.int8 as wrong
    from (select ${theirs} as line, pg_catalog.count(*) as n from ${rows} w group by 1) w
    left join (select ${ours} as line, pg_catalog.count(*) as n from ${fromTable(relation)} t group by 1) t
      on t.line = w.line`);
  return wrong;
}

/** How many rows more, or fewer, the live table has than the backup, of those that the restore is about. */
export async function countExtra(tx: Transaction, table: PlannedTable): Promise<number> {
  const { extra } = await tx.one(sql<{ extra: number }>`
    select pg_catalog.abs((select pg_catalog.count(*) from ${liveRows(table)} t)
      - (select pg_catalog.count(*) from ${stageTable(table)} s
         ${table.condition === undefined ? sql`` : sql`where s.${WANTED}`})) as extra`);
  return extra;
}
