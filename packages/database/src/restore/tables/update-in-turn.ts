import { HoldfastError } from '@holdfast/core';
import { type SqlQuery, sql, type Transaction } from '@holdfast/postgres';
import { indexSides } from './conflict-checks.ts';
import { tableText } from './relation.ts';
import { ACTION, fromTable, TAB, TID, workTable } from './row-sql.ts';
import type { PlannedTable } from './table-plan.ts';
import { updateStatement } from './write-queries.ts';

const TURN = sql.id('holdfast turn');

/**
 * Updates rows in turns: first those whose unique values are free, then those that wait for these, and so on. PostgreSQL checks a
 * unique index row by row, and one row may get back what another one holds now. Throws `restore_refused` when values go round in
 * a circle.
 * @returns rows updated
 */
export async function updateInTurn(tx: Transaction, table: PlannedTable): Promise<number> {
  const work = workTable(table);
  await tx.execute(sql`alter table ${work} add column ${TURN} pg_catalog.int4`);
  let updated = 0;
  for (let turn = 1; ; turn += 1) {
    const chosen = await tx.execute(sql`update ${work} set ${TURN} = ${turn}::pg_catalog.int4
      where ${ACTION} = 'u' and ${TURN} is null and ctid not in (${waiting(table)})`);
    if (chosen === 0) break;
    updated += await tx.execute(sql`${updateStatement(table)} and w.${TURN} = ${turn}::pg_catalog.int4`);
  }
  const { left } = await tx.one(
    sql<{
      left: number;
    }>`select pg_catalog.count(*) as left from ${work} where ${ACTION} = 'u' and ${TURN} is null`,
  );
  if (left === 0) return updated;
  const { schema, name } = table.relation;
  throw new HoldfastError(
    'restore_refused',
    `${left} rows of ${tableText({ schema, name })} exchange unique values among themselves, which PostgreSQL cannot write row by row. Nothing was changed. Delete those rows in the live table, or set the values to something else, and restore again`,
  );
}

/** Rows that would get a value that another row still holds. */
function waiting(table: PlannedTable): SqlQuery<never> {
  const work = workTable(table);
  const parts = table.relation.indexes.flatMap(index => {
    const sides = index.immediate ? indexSides(table, index) : undefined;
    if (sides === undefined) return [];
    const { ours, theirs, same } = sides;
    return [
      sql`select w."holdfast row" from ${ours} w join ${theirs} t on ${same}
        join ${work} own on own.ctid = w."holdfast row"
        where own.${ACTION} = 'u' and own.${TURN} is null and (t.ctid, t.tableoid) <> (own.${TID}, own.${TAB})`,
    ];
  });
  const none = sql`select ctid from ${fromTable(table.relation)} where false`;
  return parts.length === 0 ? sql<never>`${none}` : sql.join(parts, ' union all ');
}
