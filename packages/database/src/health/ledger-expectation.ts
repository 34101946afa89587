import { type Queryable, sql } from '@holdfast/postgres';
import { findLedgerSnapshot } from '../drift/expected/ledger-snapshot.ts';
import type { HealthContext } from './entry.ts';

/** The catalog as the migrations left it, out of the ledger; undefined where there is none, or where it may not be read. */
export async function ledgerExpectation(db: Queryable): Promise<HealthContext['expected']> {
  try {
    const { found } = await db.one(
      sql<{ found: boolean }>`
        select pg_catalog.to_regclass('holdfast_ledger.catalog_snapshots') is not null as found
      `,
    );
    const snapshot = found ? await findLedgerSnapshot(db) : undefined;
    return snapshot && { catalog: snapshot.catalog, source: 'the catalog after the last migration' };
  } catch {
    return undefined;
  }
}
