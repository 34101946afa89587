import type { DatabaseContent, TableContent } from '../manifest.ts';

/** What became of the rows of one table between two contents of one database. */
export interface TableDifference {
  readonly schema: string;
  readonly name: string;
  /**
   * `rows`: other values, or another number of rows; `columns`: other columns, so that checksums say nothing; `missing`: only in the
   * first; `new`: only in the second; `unknown`: as many rows, but one of the two could not be summed up.
   */
  readonly kind: 'same' | 'rows' | 'columns' | 'missing' | 'new' | 'unknown';
  /** Null where the table is not, or could not be counted. */
  readonly rowsBefore: number | null;
  readonly rowsAfter: number | null;
}

/**
 * Compares counts and checksums, table by table, in the order of their names. Pure: nothing is read. Holdfast's own record is left
 * out: every migration and every restore adds to it.
 */
export function diffContent(before: DatabaseContent, after: DatabaseContent): TableDifference[] {
  const key = ({ schema, name }: TableContent): string => JSON.stringify([schema, name]);
  const [old, now] = [before, after].map(
    ({ tables }) =>
      new Map(
        tables
          .filter(({ schema }) => schema !== 'holdfast_ledger')
          .map(table => [key(table), table] as const),
      ),
  );
  const keys = [...new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])])].sort();
  return keys.flatMap(item => diffTable(old?.get(item), now?.get(item)));
}

function diffTable(before: TableContent | undefined, after: TableContent | undefined): TableDifference[] {
  const table = before ?? after;
  if (table === undefined) return [];
  const { schema, name } = table;
  return [
    { schema, name, kind: kindOf(before, after), rowsBefore: rowsOf(before), rowsAfter: rowsOf(after) },
  ];
}

function kindOf(before: TableContent | undefined, after: TableContent | undefined): TableDifference['kind'] {
  if (before === undefined) return 'new';
  if (after === undefined) return 'missing';
  if (before.columnsHash !== after.columnsHash) return 'columns';
  if (before.checksum === null || after.checksum === null) return 'unknown';
  return before.rows === after.rows && before.checksum === after.checksum ? 'same' : 'rows';
}

function rowsOf(table: TableContent | undefined): number | null {
  return table === undefined || table.checksum === null ? null : table.rows;
}
