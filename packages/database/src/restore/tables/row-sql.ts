import { type SqlQuery, sql } from '@holdfast/postgres';
import { catalogText } from './catalog-text.ts';
import type { Relation } from './relation.ts';
import type { PlannedTable } from './table-plan.ts';

/** Names of columns that no table of a user has. */
export const ACTION = sql.id('holdfast action');
export const TID = sql.id('holdfast tid');
export const TAB = sql.id('holdfast tab');
export const WANTED = sql.id('holdfast wanted');

export const stageTable = ({ position }: PlannedTable): SqlQuery<never> =>
  sql.id('pg_temp', `holdfast_stage_${position}`);
/** Rows to write: action `i` or `u`, then with the place of the live row. */
export const workTable = ({ position }: PlannedTable): SqlQuery<never> =>
  sql.id('pg_temp', `holdfast_work_${position}`);
/** Places of the live rows to delete. */
export const goneTable = ({ position }: PlannedTable): SqlQuery<never> =>
  sql.id('pg_temp', `holdfast_gone_${position}`);

/** The table in a FROM: with its partitions, without tables that merely inherit from it. */
export function fromTable({ schema, name, partitioned }: Relation): SqlQuery<never> {
  return partitioned ? sql.id(schema, name) : sql<never>`only ${sql.id(schema, name)}`;
}

/** `a.x, a.y`. */
export function columnList(alias: string, columns: readonly string[]): SqlQuery<never> {
  return sql.join(columns.map(column => sql.id(alias, column)));
}

export const names = (columns: readonly string[]): SqlQuery<never> =>
  sql.join(columns.map(column => sql.id(column)));

/** The row as PostgreSQL writes it: the same text, the same row. */
export function rowText(alias: string, columns: readonly string[]): SqlQuery<never> {
  return sql<never>`(row(${columnList(alias, columns)})::pg_catalog.text collate "C")`;
}

/** Values by their output functions: a cast to text may be another function and lose something, as that of char(n) does. */
export function valueTexts(alias: string, columns: readonly string[]): SqlQuery<never> {
  return sql<never>`array[${sql.join(columns.map(column => valueText(alias, column)))}]::pg_catalog.text[]`;
}

export function valueText(alias: string, column: string): SqlQuery<never> {
  const value = sql.id(alias, column);
  // IS NULL is also true of a composite value whose fields are null
  return sql<never>`case when pg_catalog.num_nulls(${value}) = 0 then pg_catalog.format('%s', ${value}) end`;
}

/**
 * Whether two rows differ in anything that PostgreSQL would write. Images are compared first, which is fast and knows no equal
 * but different values (1.0 and 1.00, citext); two images of one value, as arrays can have, are told by their text.
 */
export function rowsDiffer(one: string, other: string, columns: readonly string[]): SqlQuery<never> {
  const [left, right] = [columnList(one, columns), columnList(other, columns)];
  return sql<never>`(pg_catalog.record_image_ne(row(${left}), row(${right}))
    and ${rowText(one, columns)} <> ${rowText(other, columns)})`;
}

/** The equality of the key's own operator class, which for citext is not that of text. */
export function keysEqual({ match }: PlannedTable, one: string, other: string): SqlQuery<never> {
  if (match.kind === 'rows') throw new TypeError('A table without key has no keys to compare');
  const pairs = match.index.parts.map(
    ({ column, operator }) =>
      sql`${sql.id(one, column ?? '')} ${catalogText(operator ?? '=')} ${sql.id(other, column ?? '')}`,
  );
  return sql<never>`(${sql.join(pairs, ' and ')})`;
}

/** The live rows that the restore is about, with their places; the condition sees the table by its own name. */
export function liveRows(table: PlannedTable): SqlQuery<never> {
  const { relation, columns, condition } = table;
  return sql<never>`(select ctid as ${TID}, tableoid as ${TAB}, ${names(columns)} from ${fromTable(relation)}
    ${condition === undefined ? sql`` : sql`where ${condition}`})`;
}

/** Whether the live row at `alias.ctid` stays as it is. */
export function staysAsItIs(table: PlannedTable, alias: string): SqlQuery<never> {
  const here = sql`p.${TID} = ${sql.id(alias, 'ctid')} and p.${TAB} = ${sql.id(alias, 'tableoid')}`;
  return sql<never>`(not exists (select from ${workTable(table)} p where ${here})
    and not exists (select from ${goneTable(table)} p where ${here}))`;
}
