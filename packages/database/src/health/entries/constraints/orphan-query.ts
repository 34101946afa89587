import { type SqlQuery, sql } from '@holdfast/postgres';
import { catalogSql } from '../catalog-sql.ts';
import { type ScanPart, tableSample } from '../row-scans.ts';
import type { ForeignKey, ForeignKeyColumn } from './foreign-key-queries.ts';

/** Counts the rows whose parent is missing: `counts` holds that one number. An anti-join, never a lookup for each row. */
export function countOrphans(key: ForeignKey, part: ScanPart): SqlQuery<{ counts: (number | string)[] }> {
  const from = sql`${childTable(key)} f ${tableSample(part)}`;
  const [whole, partial] = orphanConditions(key);
  if (partial === undefined) return sql`select array[count(*)] as counts from ${from} where ${whole}`;
  // two scans: `or` would keep PostgreSQL from joining
  return sql`
    select array[
      (select count(*) from ${from} where ${whole}) + (select count(*) from ${from} where ${partial})
    ] as counts`;
}

/** What finds the orphans `f` of a foreign key, as text to paste. */
export function orphanFilter(key: ForeignKey): string {
  const [whole, partial] = orphanConditions(key);
  return oneLine(partial === undefined ? whole : sql`((${whole}) or ${partial})`);
}

export function childTable(key: ForeignKey): SqlQuery<never> {
  return catalogSql(`${key.childOnly ? 'only ' : ''}${key.child}`);
}

/**
 * With MATCH SIMPLE a row with a null in its key refers to nothing; with MATCH FULL all of it must be null, so a key that is null
 * in part is an orphan as well (CREATE TABLE, REFERENCES).
 */
function orphanConditions(key: ForeignKey): [SqlQuery<never>, SqlQuery<never> | undefined] {
  const columns = key.columns.map(({ child }) => sql.id('f', child));
  const present = columns.map(column => sql`${column} is not null`);
  const whole = sql<never>`${sql.join(present, ' and ')} and not ${key.period ? coveredByParents(key) : parentExists(key)}`;
  if (!key.matchFull || columns.length === 1) return [whole, undefined];
  const nulls = sql`pg_catalog.num_nulls(${sql.join(columns)})`;
  return [whole, sql<never>`${nulls} between 1 and ${sql.literal(String(columns.length - 1))}`];
}

function parentExists(key: ForeignKey): SqlQuery<never> {
  return sql<never>`exists (select from ${parentTable(key)} p where ${sql.join(key.columns.map(equal), ' and ')})`;
}

/** The periods of all parents of that key together hold the child's (CREATE TABLE, PERIOD). */
function coveredByParents(key: ForeignKey): SqlQuery<never> {
  const period = key.columns.at(-1);
  if (period === undefined) return sql<never>`true`;
  const scalar = key.columns.slice(0, -1);
  const where = scalar.length === 0 ? sql`true` : sql.join(scalar.map(equal), ' and ');
  return sql<never>`exists (
    select from (select pg_catalog.range_agg(${sql.id('p', period.parent)}) as held from ${parentTable(key)} p where ${where}) parents
    where ${sql.id('f', period.child)} operator(pg_catalog.<@) parents.held)`;
}

function parentTable(key: ForeignKey): SqlQuery<never> {
  return catalogSql(`${key.parentOnly ? 'only ' : ''}${key.parent}`);
}

function equal({ child, parent, operator, collation }: ForeignKeyColumn): SqlQuery<never> {
  const collate = collation === null ? '' : ` collate ${collation}`;
  return sql<never>`${sql.id('p', parent)} ${catalogSql(operator)} ${sql.id('f', child)}${catalogSql(collate)}`;
}

function oneLine(query: SqlQuery<never>): string {
  return query.text.replaceAll(/\s*\n\s*/g, ' ').trim();
}
