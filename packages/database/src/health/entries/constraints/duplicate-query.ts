import { type SqlQuery, sql } from '@holdfast/postgres';
import { catalogSql } from '../catalog-sql.ts';
import type { ScanPart } from '../row-scans.ts';
import type { UniqueIndex, UniqueKeyPart } from './unique-index-queries.ts';

/**
 * Counts the keys that several rows share: `counts` holds that one number. TABLESAMPLE reads the table itself whatever the planner's
 * settings are, for the index is what is in doubt. A part of the work is a part of the keys, by hash, so that the duplicates among them
 * are all found and other parts come in their turn.
 */
export function countDuplicates(
  index: UniqueIndex,
  part: ScanPart,
): SqlQuery<{ counts: (number | string)[] }> {
  const conditions = [...rowConditions(index), ...sliceOf(index, part)];
  const where = conditions.length === 0 ? sql`` : sql`where ${sql.join(conditions, ' and ')}`;
  return sql`
    select array[count(*)] as counts from (
      select from ${table(index)} tablesample system (100) ${where}
      group by ${sql.join(keysOf(index))} having count(*) > 1
    ) shared`;
}

/** Shows the keys and their rows, as text to paste. */
export function showDuplicates(index: UniqueIndex): string {
  const keys = keysOf(index)
    .map(key => key.text)
    .join(', ');
  const conditions = rowConditions(index).map(condition => condition.text);
  const where = conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`;
  return `select ${keys}, count(*), array_agg(ctid order by ctid) as rows from ${table(index).text} tablesample system (100)${where} group by ${keys} having count(*) > 1;`;
}

function table(index: UniqueIndex): SqlQuery<never> {
  return catalogSql(`${index.only ? 'only ' : ''}${index.table}`);
}

function keysOf({ keys }: UniqueIndex): SqlQuery<never>[] {
  return keys.map(groupingKey);
}

/**
 * Bytes are compared where that is what equality means: sorting by a language is slow, and may be what went wrong. An expression
 * may be a constant (at most one row), which GROUP BY would take for the position of a column, or refuse.
 */
function groupingKey({ expression, isColumn, collation, bytewise }: UniqueKeyPart): SqlQuery<never> {
  if (collation === null) return catalogSql(isColumn ? expression : `coalesce(${expression})`);
  return catalogSql(`(${expression}) collate ${bytewise ? 'pg_catalog."C"' : collation}`);
}

function rowConditions(index: UniqueIndex): SqlQuery<never>[] {
  const conditions = index.predicate === null ? [] : [catalogSql(`(${index.predicate})`)];
  if (index.nullsNotDistinct) return conditions;
  return [...conditions, ...index.keys.map(({ expression }) => catalogSql(`(${expression}) is not null`))];
}

function sliceOf(index: UniqueIndex, { percent, seed }: ScanPart): SqlQuery<never>[] {
  if (percent >= 100) return [];
  const slices = Math.ceil(100 / percent);
  const hash = sql`pg_catalog.hash_record(row(${sql.join(keysOf(index))}))`;
  return [
    sql<never>`(${hash} & 2147483647) % ${slices}::pg_catalog.int4 = ${seed % slices}::pg_catalog.int4`,
  ];
}
