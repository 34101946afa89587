import type { Queryable } from '@holdfast/postgres';
import { isHoldfastDatabase } from '../../../cleanup/table-queries.ts';
import { listLedger } from '../../../migrate/ledger-queries.ts';
import { hasLedger } from '../../../migrate/ledger-schema.ts';
import type { Migration } from '../../../migrate/migration.ts';

/**
 * Whether Holdfast's own migrations made the database: its ledger has the first of them, or, where the ledger is lost, its
 * tables are there. The ledger alone says nothing, for it is also that of others' migrations.
 */
export async function wasMadeBy(db: Queryable, [first]: readonly Migration[]): Promise<boolean> {
  const rows = (await hasLedger(db)) ? await listLedger(db) : [];
  const begun = rows.some(
    ({ version, name }) =>
      first !== undefined && BigInt(version) === BigInt(first.version) && name === first.name,
  );
  return begun || isHoldfastDatabase(db);
}
