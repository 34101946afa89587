import { HoldfastError } from '@holdfast/core';
import { sqlState } from '@holdfast/postgres';

const UNDEFINED_TABLE = '42P01';
const UNDEFINED_COLUMN = '42703';

/** Runs work that needs the tables of Holdfast. @throws `schema_mismatch` saying so where they are missing */
export async function onHoldfastTables<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (![UNDEFINED_TABLE, UNDEFINED_COLUMN].includes(sqlState(cause) ?? '')) throw cause;
    const message =
      'This database does not have the tables of Holdfast, or an older version of them. Run holdfast migrate first, or name another database.';
    throw new HoldfastError('schema_mismatch', message, { cause });
  }
}
