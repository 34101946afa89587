import { type Queryable, sql } from '@holdfast/postgres';
import { findLedgerSnapshot } from '../drift/expected/ledger-snapshot.ts';
import { narrowCatalog } from '../drift/expected/narrow-catalog.ts';
import { refuseUnknownSchemas } from '../drift/expected/unknown-schemas.ts';
import type { HealthContext } from './entry.ts';
import { listMissingSchemas, readServerFactsRow } from './server-facts-queries.ts';

/** What is expected of the schemas that are looked at, undefined for all; without what it says about others. */
export function narrowExpectation(
  expected: HealthContext['expected'],
  schemas: readonly string[] | undefined,
): HealthContext['expected'] {
  if (expected === undefined || schemas === undefined) return expected;
  const catalog = narrowCatalog(expected.catalog, schemas);
  return catalog.schemas.length === 0 ? undefined : { ...expected, catalog };
}

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

/**
 * Refuses schemas that neither exist nor are expected.
 * @throws `usage` with those that there are
 */
export async function refuseMissingSchemas(
  db: Queryable,
  schemas: readonly string[],
  expected: HealthContext['expected'],
): Promise<void> {
  const missing = await listMissingSchemas(db, schemas);
  if (missing.length === 0) return;
  const { schemas: there } = await readServerFactsRow(db);
  refuseUnknownSchemas(missing, expected === undefined ? [] : [expected.catalog], there);
}
