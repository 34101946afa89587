import { errorMessage } from '@holdfast/core';
import type { Queryable } from '@holdfast/postgres';
import type { ServerFacts } from './entry.ts';
import { readLastChanges, readTableSizes, type TableSizeRow } from './table-queries.ts';

/** One table: its size, how full it is, and when it was looked after. Times are ISO 8601. */
export interface TableFacts {
  readonly schema: string;
  readonly name: string;
  /** Estimated. */
  readonly rows: number;
  readonly deadRows: number;
  /** With indexes and TOAST; null while somebody holds the table exclusively. */
  readonly bytes: number | null;
  readonly indexBytes: number | null;
  /** Rows inserted, updated and deleted since statistics began. */
  readonly writes: number;
  /** The newest modified_at, updated_at or created_at, where there is one that is cheap to read. */
  readonly lastChange: string | null;
  readonly lastVacuum: string | null;
  readonly lastAnalyze: string | null;
}

export type TableOverview = readonly TableFacts[] | { readonly skipped: string };

const SHOWN = 50;

/** The fifty largest tables. Never rejects. */
export async function readTableOverview(db: Queryable, { schemas }: ServerFacts): Promise<TableOverview> {
  try {
    const rows = await readTableSizes(db, schemas, SHOWN);
    const dated = rows.flatMap(({ schema, name, changeColumn }) =>
      changeColumn === null ? [] : [{ schema, name, column: changeColumn }],
    );
    // a table may be locked by now: sizes without the times are better than nothing
    const changes = dated.length === 0 ? [] : await readLastChanges(db, dated).catch(() => []);
    return rows.map(row => {
      const found = changes.find(({ schema, name }) => schema === row.schema && name === row.name);
      return tableFacts(row, found?.lastChange ?? null);
    });
  } catch (error) {
    return { skipped: errorMessage(error) };
  }
}

function tableFacts(row: TableSizeRow, lastChange: Date | null): TableFacts {
  const { schema, name, rows, deadRows, bytes, indexBytes, writes, lastVacuum, lastAnalyze } = row;
  const iso = (time: Date | null): string | null => time?.toISOString() ?? null;
  return {
    ...{ schema, name, rows, deadRows, bytes, indexBytes, writes },
    lastChange: iso(lastChange),
    lastVacuum: iso(lastVacuum),
    lastAnalyze: iso(lastAnalyze),
  };
}
