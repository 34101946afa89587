import { type DatabaseContent, readContent } from '@holdfast/database/backup';
import { connect, sql } from '@holdfast/postgres';
import type { UntouchedTables } from '../report/deliverables/repair-record.ts';

type Sums = DatabaseContent['tables'];

const JOBS = 2;
/** Reading more than this twice takes longer than anybody waits for a repair. */
const MAX_BYTES = 4e9;
const APPLICATION = 'holdfast-repair';

/** The rows and checksum of every table; undefined when they cannot be read, or there are too many. Never rejects. */
export async function sumUp(url: string, signal: AbortSignal): Promise<Sums | undefined> {
  try {
    if ((await databaseBytes(url)) > MAX_BYTES) return undefined;
    const content = await readContent({
      ...{ url, jobs: JOBS, holds: 'physical', signal },
      onProgress: () => undefined,
    });
    return content.tables;
  } catch {
    return undefined;
  }
}

async function databaseBytes(url: string): Promise<number> {
  const connection = await connect({ url, applicationName: APPLICATION });
  try {
    const { bytes } = await connection.one(
      sql<{ bytes: number | string }>`
        select pg_catalog.pg_database_size(pg_catalog.current_database()) as bytes`,
    );
    return Number(bytes);
  } finally {
    await connection.close();
  }
}

/** Tables that nobody meant to change, by checksum. What others wrote meanwhile shows as well. */
export function compareUntouched(
  before: Sums | undefined,
  after: Sums | undefined,
  touched: readonly string[],
): UntouchedTables | null {
  if (before === undefined || after === undefined) return null;
  const now = new Map(after.map(table => [nameOf(table), table]));
  const compared = before.filter(
    table => table.checksum !== null && !isOwn(table.schema) && !touched.includes(nameOf(table)),
  );
  const changed = compared.filter(table => now.get(nameOf(table))?.checksum !== table.checksum);
  return { compared: compared.length, changed: changed.map(nameOf) };
}

/** Where repairs and restores keep what they need to go back, and what they did. */
function isOwn(schema: string): boolean {
  return schema === 'holdfast_quarantine' || schema === 'holdfast_ledger';
}

function nameOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${schema}.${name}`;
}
