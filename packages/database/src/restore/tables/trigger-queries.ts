import { sql, type Transaction } from '@holdfast/postgres';
import type { PlannedTable } from './table-plan.ts';

/** Switches the users' own triggers off; foreign keys go on being checked. Needs the owner of the table. */
export async function disableTriggers(tx: Transaction, tables: readonly PlannedTable[]): Promise<void> {
  for (const { schema, table, name } of tables.flatMap(({ relation }) => relation.triggers)) {
    await tx.execute(sql`alter table only ${sql.id(schema, table)} disable trigger ${sql.id(name)}`);
  }
}

/** Back to what each was. Nothing may be waiting for the end of the transaction on these tables. */
export async function enableTriggers(tx: Transaction, tables: readonly PlannedTable[]): Promise<void> {
  for (const { schema, table, name, enabled } of tables.flatMap(({ relation }) => relation.triggers)) {
    const how = enabled === 'always' ? sql`enable always trigger` : sql`enable trigger`;
    await tx.execute(sql`alter table only ${sql.id(schema, table)} ${how} ${sql.id(name)}`);
  }
}
