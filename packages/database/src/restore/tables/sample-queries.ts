import { isSecretKey, REDACTED } from '@holdfast/core';
import { type SqlQuery, sql, type Transaction } from '@holdfast/postgres';
import { ACTION, fromTable, goneTable, TAB, TID, valueTexts, workTable } from './row-sql.ts';
import type { PlannedTable, RowSample } from './table-plan.ts';

export interface SampleOptions {
  /** Of each action. */
  readonly count: number;
  /** Shows keys and which columns change, and no other value. Columns whose name speaks of a secret are always masked. */
  readonly mask: boolean;
}

interface SampleRow {
  readonly action: 'i' | 'u' | 'd';
  readonly before: readonly (string | null)[] | null;
  readonly after: readonly (string | null)[] | null;
}

const ACTIONS = { i: 'insert', u: 'update', d: 'delete' } as const;

/** The first few rows of each action. */
export async function sampleRows(
  tx: Transaction,
  table: PlannedTable,
  options: SampleOptions,
): Promise<RowSample[]> {
  if (options.count === 0) return [];
  const { columns, relation } = table;
  const limit = sql`limit ${options.count}`;
  const live = sql`${fromTable(relation)} t on t.ctid = w.${TID} and t.tableoid = w.${TAB}`;
  const parts: SqlQuery<unknown>[] = [
    sql`(select 'i' as action, null::pg_catalog.text[] as before, ${valueTexts('w', columns)} as after
      from ${workTable(table)} w where ${ACTION} = 'i' ${limit})`,
    sql`(select 'u', ${valueTexts('t', columns)}, ${valueTexts('w', columns)}
      from ${workTable(table)} w join ${live} where ${ACTION} = 'u' ${limit})`,
    sql`(select 'd', ${valueTexts('t', columns)}, null::pg_catalog.text[] from ${goneTable(table)} w join ${live} ${limit})`,
  ];
  const rows = await tx.many(sql<SampleRow>`${sql.join(parts, ' union all ')}`);
  return rows.map(row => sampleOf(table, row, options));
}

function sampleOf({ columns, match }: PlannedTable, row: SampleRow, { mask }: SampleOptions): RowSample {
  const { before, after } = row;
  const keys = match.kind === 'key' ? match.columns : [];
  const shown = columns.filter(
    (column, number) =>
      !keys.includes(column) && (row.action !== 'u' || before?.[number] !== after?.[number]),
  );
  const record = (values: SampleRow['before'], list: readonly string[]): Record<string, string | null> =>
    Object.fromEntries(
      list.map(column => {
        const value = values?.[columns.indexOf(column)] ?? null;
        const hidden = isSecretKey(column) || (mask && !keys.includes(column));
        return [column, value !== null && hidden ? REDACTED : value];
      }),
    );
  return {
    action: ACTIONS[row.action],
    key: record(after ?? before, keys),
    before: before === null ? null : record(before, shown),
    after: after === null ? null : record(after, shown),
  };
}
