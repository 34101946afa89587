import { type SqlQuery, sql, type Transaction } from '@holdfast/postgres';
import { catalogText } from './catalog-text.ts';
import { isOrphan } from './conflict-checks.ts';
import { childKey, type ForeignKey, parentKey } from './relation.ts';
import { names, workTable } from './row-sql.ts';
import { createStage } from './stage-queries.ts';
import type { PlannedTable } from './table-plan.ts';

export interface ParentSearch {
  readonly source: Transaction;
  readonly target: Transaction;
  readonly foreignKeys: readonly ForeignKey[];
  readonly tables: PlannedTable[];
  find(key: string): PlannedTable | undefined;
  /** Plans a table of parents that nobody asked for; undefined when the backup does not have it. */
  adopt(key: string): Promise<PlannedTable | undefined>;
}

const KEYS_AT_ONCE = 2_000;

/**
 * Adds the rows of the backup that rows to write refer to and that are not there, and what those refer to, until nothing more
 * is found. Only missing rows are brought; parents that are there keep their values.
 */
export async function bringParents(search: ParentSearch): Promise<void> {
  for (let again = true; again; ) {
    again = false;
    for (const key of search.foreignKeys) {
      const child = search.find(childKey(key));
      if (child === undefined || !key.columns.every(column => child.columns.includes(column))) continue;
      if ((await bringFor(search, key, child)) > 0) again = true;
    }
  }
}

async function bringFor(search: ParentSearch, key: ForeignKey, child: PlannedTable): Promise<number> {
  const { source, target } = search;
  const before = search.find(parentKey(key));
  const missing = await missingKeys(target, key, child, before);
  if (missing.length === 0) return 0;
  const parent = before ?? (await adopt(search, key));
  if (parent === undefined || !key.parentColumns.every(column => parent.columns.includes(column))) return 0;
  let brought = 0;
  for (let start = 0; start < missing.length; start += KEYS_AT_ONCE) {
    const data = source.copyOut(rowsOfKeys(parent, key, missing.slice(start, start + KEYS_AT_ONCE)));
    brought += await target.copyIn(
      sql`copy ${workTable(parent)} (${names(parent.columns)}) from stdin`,
      data,
    );
  }
  return brought;
}

async function adopt(search: ParentSearch, key: ForeignKey): Promise<PlannedTable | undefined> {
  const parent = await search.adopt(parentKey(key));
  if (parent !== undefined) await createStage(search.target, parent);
  return parent;
}

async function missingKeys(
  target: Transaction,
  key: ForeignKey,
  child: PlannedTable,
  parent: PlannedTable | undefined,
): Promise<string[][]> {
  const texts = key.columns.map(column => sql`pg_catalog.format('%s', ${sql.id('w', column)})`);
  const rows = await target.many(sql<{ keys: string[] }>`
    select distinct array[${sql.join(texts)}] as keys from ${workTable(child)} w where ${isOrphan(key, 'w', parent)}`);
  return rows.map(({ keys }) => keys);
}

/** COPY takes no parameters: the keys are literals, of the types that the parent's columns have. */
function rowsOfKeys(
  { relation, columns }: PlannedTable,
  key: ForeignKey,
  keys: readonly string[][],
): SqlQuery<never> {
  const types = key.parentColumns.map(
    name => relation.columns.find(column => column.name === name)?.type ?? 'text',
  );
  const rows = keys.map(
    values =>
      sql`(${sql.join(values.map((value, number) => sql`${sql.literal(value)}::${catalogText(types[number] ?? 'text')}`))})`,
  );
  const same = key.parentColumns.map(
    (column, number) =>
      sql`p.${sql.id(column)} ${catalogText(key.parentOperators[number] ?? '=')} k.${sql.id(`k${number}`)}`,
  );
  const aliases = sql.join(key.parentColumns.map((_, number) => sql.id(`k${number}`)));
  const list = sql.join(columns.map(column => sql.id('p', column)));
  return sql<never>`copy (select ${list} from ${sql.id(relation.schema, relation.name)} p
    where exists (select from (values ${sql.join(rows)}) k (${aliases}) where ${sql.join(same, ' and ')})) to stdout`;
}
