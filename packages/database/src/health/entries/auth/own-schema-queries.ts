import { type Queryable, sql } from '@holdfast/postgres';
import type { HealthContext, HealthReading } from '../../entry.ts';
import { estimatedRows } from '../relation-fragments.ts';
import type { ScanPart } from '../row-scans.ts';

/** Columns by table that an entry reads. */
type Needs = Readonly<Record<string, readonly string[]>>;

/**
 * The schema that holds Holdfast's own tables, told from tables of others that have the same names by their columns. Undefined
 * when there is none.
 */
export async function findOwnSchema(
  db: Queryable,
  schemas: readonly string[],
  needs: Needs,
): Promise<string | undefined> {
  const wanted = Object.entries(needs).flatMap(([table, columns]) =>
    columns.map(column => `${table}.${column}`),
  );
  const found = await db.many(sql<{ schema: string }>`
    select n.nspname::text as schema
    from pg_catalog.pg_attribute a
    join pg_catalog.pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p')
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any (${schemas}::pg_catalog.text[]) and a.attnum > 0 and not a.attisdropped
      and c.relname || '.' || a.attname = any (${wanted}::pg_catalog.text[])
    group by n.nspname
    having count(*) = ${wanted.length}::pg_catalog.int8
    order by n.nspname
    limit 1
  `);
  return found[0]?.schema;
}

export function notOurs(needs: Needs): HealthReading {
  const why = `this is not a database of Holdfast: there are no tables ${Object.keys(needs).join(', ')} of its kind`;
  return { level: 'skipped', why };
}

export async function tableRows(db: Queryable, schema: string, table: string): Promise<number> {
  const { rows } = await db.one(sql<{ rows: number | string }>`
    select ${estimatedRows('c')} as rows
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${schema} and c.relname = ${table} and c.relkind in ('r', 'p')
  `);
  return Number(rows);
}

const ROWS_PER_MS = 300;
const LEAST_PERCENT = 0.1;

/** How much of a table of so many rows can be read within the share of the budget. */
export function affordablePart({ budgetMs, clock }: HealthContext, rows: number, share: number): ScanPart {
  const affordable = budgetMs * share * ROWS_PER_MS;
  const percent = rows <= affordable ? 100 : Math.max(LEAST_PERCENT, (affordable / rows) * 100);
  return { percent, seed: Math.floor(clock.now() / 1_000) % 1_000_000 };
}

/** A count in a part of a table, as what it stands for in the whole. */
export function projected(count: number | string, { percent }: ScanPart): number {
  return Math.round((Number(count) * 100) / percent);
}

/** Whether a number is an estimate, for the summary. */
export function aboutText({ percent }: ScanPart): string {
  return percent < 100 ? 'about ' : '';
}
