import { HoldfastError } from '@holdfast/core';
import { type Connection, connect, sql, type Transaction } from '@holdfast/postgres';
import { runStatements, runTransaction } from './run-transaction.ts';
import { databaseOf, type StepOf, type StepWork } from './step-work.ts';

const STAGE = 'holdfast_column_values';

/**
 * Makes a column again and gives each row the value that it had in the backup. No other column is written, and no trigger of the table
 * runs; rows that are newer than the backup keep the default.
 */
export async function fillColumn(work: StepWork, step: StepOf<'column'>): Promise<string> {
  const { openBackup } = work.tools;
  if (openBackup === undefined)
    throw new HoldfastError('restore_refused', 'No backup can be opened from here');
  const backup = await openBackup(step.action.backup);
  try {
    const url = backup.urlOf(databaseOf(work.addresses.owner));
    const source = await connect({ url, applicationName: 'holdfast-repair' });
    try {
      return await fillFrom(work, step, source);
    } finally {
      await source.close();
    }
  } finally {
    await backup.discard();
  }
}

async function fillFrom(work: StepWork, step: StepOf<'column'>, source: Connection): Promise<string> {
  const { table, column, key, before, after } = step.action;
  const name = sql.id(...table);
  const names = [...key, column].map(part => sql.id(part));
  const columns = sql.join(names);
  const matches = sql.join(
    key.map(part => sql`t.${sql.id(part)} = s.${sql.id(part)}`),
    ' and ',
  );
  let filled = 0;
  await runTransaction(work, step, {
    as: 'owner',
    committing: 'committing',
    perform: async tx => {
      await runStatements(tx, before);
      await tx.execute(
        sql`create temporary table ${sql.id(STAGE)} on commit drop as select ${columns} from ${name} with no data`,
      );
      const values = source.copyOut(sql`copy (select ${columns} from ${name}) to stdout`);
      await tx.copyIn(sql`copy ${sql.id('pg_temp', STAGE)} (${columns}) from stdin`, values);
      const triggers = await listTriggers(tx, table);
      for (const trigger of triggers)
        await tx.execute(sql`alter table ${name} disable trigger ${sql.id(trigger)}`);
      filled = await tx.execute(sql`
        update ${name} t set ${sql.id(column)} = s.${sql.id(column)} from ${sql.id('pg_temp', STAGE)} s where ${matches}`);
      for (const trigger of triggers)
        await tx.execute(sql`alter table ${name} enable trigger ${sql.id(trigger)}`);
      await runStatements(tx, after);
    },
  });
  return `${filled} rows have their values again`;
}

/** Those of the table itself that are on as usual. */
async function listTriggers(tx: Transaction, table: readonly [string, string]): Promise<string[]> {
  const rows = await tx.many(sql<{ name: string }>`
    select g.tgname::text as name from pg_catalog.pg_trigger g
    where g.tgrelid = pg_catalog.to_regclass(${sql.id(...table).text}) and not g.tgisinternal and g.tgenabled = 'O'`);
  return rows.map(({ name }) => name);
}
