import { HoldfastError } from '@holdfast/core';
import { type BulkRow, type BulkTable, type Transaction, writeRows } from '@holdfast/postgres';

/** An account of an import whose row is about to be written. */
export interface PreparedAccount {
  readonly line: number;
  readonly id: string;
  readonly email: string;
  readonly verifiedAt: Date | null;
  readonly displayName: string | null;
  /** PHC string. */
  readonly hash: string | null;
  readonly roleIds: readonly string[];
}

/** Writes profiles, credentials and roles of accounts that were inserted in the same transaction. */
export async function insertBelongings(
  tx: Transaction,
  accounts: readonly PreparedAccount[],
  by: string | null,
): Promise<void> {
  const constants = { created_by: by, modified_by: by };
  const profiles = accounts.map(({ line, id, displayName }) => ({ line, values: [id, displayName] }));
  await writeAll(tx, { table: ['user_profiles'], columns: ['user_id', 'display_name'], constants }, profiles);
  const credentials = accounts
    .filter(({ hash }) => hash !== null)
    .map(({ line, id, hash }) => ({ line, values: [id, hash] }));
  await writeAll(
    tx,
    { table: ['password_credentials'], columns: ['user_id', 'hash'], constants },
    credentials,
  );
  const roles = accounts.flatMap(({ line, id, roleIds }) =>
    roleIds.map(roleId => ({ line, values: [id, roleId] })),
  );
  await writeAll(tx, { table: ['user_roles'], columns: ['user_id', 'role_id'], constants }, roles);
}

/** Everything in these rows was checked before: one that is refused says that a check is missing. */
async function writeAll(tx: Transaction, table: BulkTable, rows: readonly BulkRow[]): Promise<void> {
  if (rows.length === 0) return;
  const [problem] = (await writeRows(tx, table, rows)).problems;
  if (problem === undefined) return;
  const message = `Line ${problem.line} was refused by ${table.table.join('.')}: ${problem.message}`;
  throw new HoldfastError('internal', message);
}
