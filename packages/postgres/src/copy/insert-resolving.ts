import type { Transaction } from '../queryable.ts';
import { type SqlQuery, sql } from '../sql.ts';
import type { BulkRow, BulkTable, BulkUpdate } from './bulk-table.ts';
import { textOf } from './copy-text.ts';
import { readTableShape, type TableShape } from './table-shape.ts';

/**
 * Inserts rows with `on conflict`, all in one statement. COPY knows no `on conflict`, and a temporary table as a way station
 * needs a right that the role of the API does not have; arrays as parameters need none.
 * @returns the lines of the rows that were left out because their place is taken; without a `key` this is only known to be
 * nobody or, for an update, not at all.
 */
export async function insertResolving(
  tx: Transaction,
  table: BulkTable,
  rows: readonly BulkRow[],
  experience: { shape: TableShape | undefined },
): Promise<number[]> {
  experience.shape ??= await readTableShape(tx, table);
  const { key, conflict } = table;
  const update = typeof conflict === 'object' ? conflict : undefined;
  const insert = insertStatement(table, rows, experience.shape, update);
  if (key === undefined) {
    await tx.execute(insert);
    return [];
  }
  const left = await tx.many(sql<{ line: number }>`
    with written as (${insert} returning target.${sql.id(key)} as key)
    select given.line from unnest(${rows.map(({ line }) => line)}::bigint[], ${columnTexts(table, rows, key)}::text[])
      as given (line, key)
    where not exists (
      select from written where written.key = given.key::${typeOf(experience.shape, key)}
    )
  `);
  return left.map(({ line }) => line);
}

function insertStatement(
  table: BulkTable,
  rows: readonly BulkRow[],
  shape: TableShape,
  update: BulkUpdate | undefined,
): SqlQuery<unknown> {
  const { columns, constants = {} } = table;
  const arrays = columns.map(column => sql`${columnTexts(table, rows, column)}::text[]`);
  const names = columns.map((_, index) => sql.id(`c${index}`));
  const values = columns.map((column, index) => sql`given.${sql.id(`c${index}`)}::${typeOf(shape, column)}`);
  const same = Object.entries(constants).map(
    ([column, value]) => sql`${value === null ? null : textOf(value)}::text::${typeOf(shape, column)}`,
  );
  const all = [...columns, ...Object.keys(constants)].map(column => sql.id(column));
  return sql`
    insert into ${sql.id(...table.table)} as target (${sql.join(all)})
    select ${sql.join([...values, ...same])}
    from unnest(${sql.join(arrays)}) with ordinality as given (${sql.join([...names, sql.id('position')])})
    order by given.position
    on conflict ${update === undefined ? sql`do nothing` : updateClause(update, shape)}
  `;
}

function updateClause({ on, set, includeDeleted }: BulkUpdate, shape: TableShape): SqlQuery<unknown> {
  const assignments = set.map(column => sql`${sql.id(column)} = excluded.${sql.id(column)}`);
  const alive = shape.softDeletes && includeDeleted !== true ? sql`where target.deleted_at is null` : sql``;
  return sql`${on} do update set ${sql.join(assignments)} ${alive}`;
}

function columnTexts(table: BulkTable, rows: readonly BulkRow[], column: string): (string | null)[] {
  const index = table.columns.indexOf(column);
  return rows.map(({ values }) => {
    const value = values[index];
    return value === null ? null : textOf(value);
  });
}

/** A column that the table does not have is named by the statement itself. */
function typeOf(shape: TableShape, column: string): SqlQuery<unknown> {
  return shape.types.get(column) ?? sql`text`;
}
