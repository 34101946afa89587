import { HoldfastError } from '@holdfast/core';

/** What a rollback would destroy. Names are qualified, and quoted as SQL needs it. */
export interface DataLoss {
  readonly tables: readonly { readonly table: string; readonly rows: number }[];
  /** Columns that would go, or whose type would change, with the rows that have something in them. */
  readonly columns: readonly {
    readonly table: string;
    readonly column: string;
    readonly values: number;
    readonly change: 'dropped' | 'retyped';
  }[];
  /** Rows that would be deleted from tables that stay. */
  readonly rows: readonly { readonly table: string; readonly rows: number }[];
  /**
   * Values that were there before and would be others: by update, merge, insert on conflict, a trigger or a foreign key. To fill
   * columns that the rollback itself adds is none. `rows`: how many row versions are written over.
   */
  readonly overwritten: readonly {
    readonly table: string;
    /** Empty when rows only exchange their values. */
    readonly columns: readonly string[];
    readonly rows: number;
  }[];
  /** Statements that could not be tried, since they refuse a transaction and nobody can tell what they do. */
  readonly untried: readonly { readonly file: string; readonly line: number; readonly summary: string }[];
}

export const NO_LOSS: DataLoss = { tables: [], columns: [], rows: [], overwritten: [], untried: [] };

export function losesData({ tables, columns, rows, overwritten, untried }: DataLoss): boolean {
  return [tables, columns, rows, overwritten, untried].some(list => list.length > 0);
}

export function addLoss(one: DataLoss, other: DataLoss): DataLoss {
  return {
    tables: [...one.tables, ...other.tables],
    columns: [...one.columns, ...other.columns],
    rows: [...one.rows, ...other.rows],
    overwritten: [...one.overwritten, ...other.overwritten],
    untried: [...one.untried, ...other.untried],
  };
}

/** `data_loss_refused`, naming everything that would be lost. */
export function dataLossRefused(loss: DataLoss): HoldfastError {
  const lines = [
    ...loss.tables.map(({ table, rows }) => `- drop the table ${table} with ${count(rows, 'row')}`),
    ...loss.columns.map(({ table, column, values, change }) =>
      change === 'dropped'
        ? `- drop the column ${table}.${column} with ${count(values, 'value')}`
        : `- change the type of the column ${table}.${column} with ${count(values, 'value')}`,
    ),
    ...loss.rows.map(({ table, rows }) => `- delete ${count(rows, 'row')} of ${table}`),
    ...loss.overwritten.map(
      ({ table, columns, rows }) =>
        `- overwrite values of ${table}${columns.length === 0 ? '' : ` (${columns.join(', ')})`} in up to ${count(rows, 'row')}`,
    ),
    ...loss.untried.map(
      ({ file, line, summary }) => `- run what cannot be tried beforehand: ${file}, line ${line}: ${summary}`,
    ),
  ];
  const message = `Rolling back would\n${lines.join('\n')}\nNothing was done. Take a backup; then --accept-data-loss goes on all the same`;
  return new HoldfastError('data_loss_refused', message, { details: { loss } });
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
