import { type Connection, connect, sql, sqlState } from '@holdfast/postgres';

/** Rows and sum of each table that could be read, by its name; null for one that was locked. */
export type TableSums = ReadonlyMap<string, string | null>;

const CONNECT_MS = 3_000;
const LOCK_MS = '1000';
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Sums every table up by a statement of its own, so that nothing of the doctor's is trusted. What repairs and restores keep of themselves
 * is left out. Undefined when the database cannot be reached.
 */
export async function sumTables(url: string): Promise<TableSums | undefined> {
  const db = await connect({ url, connectTimeoutMs: CONNECT_MS, applicationName: 'doctor matrix' }).catch(
    () => undefined,
  );
  if (db === undefined) return undefined;
  try {
    await db.query(sql`select set_config('lock_timeout', ${LOCK_MS}, false)`);
    const tables = await db.many(sql<{ schema: string; name: string }>`
      select n.nspname::text as schema, c.relname::text as name
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'
        and n.nspname not in ('holdfast_quarantine', 'holdfast_ledger', 'holdfast_recovery')
      order by 1, 2`);
    const sums = new Map<string, string | null>();
    for (const table of tables) sums.set(`${table.schema}.${table.name}`, await sumOf(db, table));
    return sums;
  } finally {
    await db.close();
  }
}

async function sumOf(
  db: Connection,
  { schema, name }: { readonly schema: string; readonly name: string },
): Promise<string | null> {
  try {
    const { sum } = await db.one(sql<{ sum: string }>`
      select count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) as sum
      from only ${sql.id(schema, name)} t`);
    return sum;
  } catch (error) {
    if (sqlState(error) === LOCK_NOT_AVAILABLE) return null;
    throw error;
  }
}

/** Tables whose sums differ. */
export function differing(before: TableSums, after: TableSums): string[] {
  return [...before.keys()].filter(name => before.get(name) !== after.get(name));
}

export interface ComparedTables {
  /** Tables that were the same with the fault as without it. */
  readonly untouched: number;
  /** Those of them that are another now, though no plan had to do with them. */
  readonly changed: readonly string[];
  /** Those of them that are another now because the plan says so, such as the audit log. */
  readonly byPlan: readonly string[];
  /** Tables that the fault had changed. */
  readonly touched: number;
  /** Those of them that are what they were before it. */
  readonly whole: number;
}

export interface Sums {
  readonly sound: TableSums;
  /** With the fault; undefined when the database could not be reached then. */
  readonly broken: TableSums | undefined;
  /** Tables into which the application writes when the doctor signs in. */
  readonly written: readonly string[];
}

/** What could not be read while it was broken was not touched: a lock, or a database that does not run, changes no row. */
export function compareSums(
  { sound, broken, written }: Sums,
  after: TableSums | undefined,
  planned: readonly string[],
): ComparedTables {
  const isUntouched = (name: string): boolean =>
    broken === undefined || broken.get(name) === null || broken.get(name) === sound.get(name);
  const isSame = (name: string): boolean => after !== undefined && after.get(name) === sound.get(name);
  const names = [...sound.keys()].filter(name => !written.includes(name));
  const untouched = names.filter(isUntouched);
  const touched = names.filter(name => !isUntouched(name));
  const others = untouched.filter(name => !isSame(name));
  return {
    untouched: untouched.length,
    changed: others.filter(name => !planned.includes(name)),
    byPlan: others.filter(name => planned.includes(name)),
    touched: touched.length,
    whole: touched.filter(isSame).length,
  };
}
