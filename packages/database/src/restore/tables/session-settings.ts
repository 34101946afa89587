import { type Queryable, sql, type Transaction } from '@holdfast/postgres';

/**
 * Makes the text of every value exact and the same on both sides, for the rest of the transaction: what one server writes the
 * other reads back to the bit, whatever the settings of the roles. Policies that would hide rows make statements fail.
 */
const EXACT = {
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  extra_float_digits: '3',
  bytea_output: 'hex',
  lc_monetary: 'C',
  xmloption: 'content',
  array_nulls: 'on',
  client_encoding: 'UTF8',
  quote_all_identifiers: 'off',
  row_security: 'off',
  jit: 'off',
  statement_timeout: '0',
  idle_in_transaction_session_timeout: '0',
} as const;

export async function setExact(tx: Transaction): Promise<void> {
  const settings = Object.entries(EXACT);
  const calls = settings.map(
    ([name, value]) => sql`pg_catalog.set_config(${name}::pg_catalog.text, ${value}::pg_catalog.text, true)`,
  );
  await tx.query(sql`select ${sql.join(calls)}`);
}

/** The schemas that unqualified names are looked up in. */
export async function searchPath(db: Queryable): Promise<readonly string[]> {
  const { path } = await db.one(
    sql<{ path: string[] }>`select pg_catalog.current_schemas(false)::pg_catalog.text[] as path`,
  );
  return path;
}

/** Looks names up as the other side does; a schema that is missing here does no harm. */
export async function setSearchPath(tx: Transaction, schemas: readonly string[]): Promise<void> {
  const quoted = schemas.map(schema => `"${schema.replaceAll('"', '""')}"`).join(', ');
  await tx.query(
    sql`select pg_catalog.set_config('search_path', ${quoted === '' ? 'pg_catalog' : quoted}, true)`,
  );
}
