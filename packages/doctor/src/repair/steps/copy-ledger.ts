import { HoldfastError } from '@holdfast/core';
import { connect, sql } from '@holdfast/postgres';
import { statement } from '../statement.ts';
import { runTransaction } from './run-transaction.ts';
import { databaseOf, type StepOf, type StepWork } from './step-work.ts';

const LEDGER = sql.id('holdfast_ledger', 'migrations');
const STAGE = sql.id('holdfast_ledger_rows');

/** Brings the rows of some versions back into the ledger of migrations; those of attempts that failed make way. */
export async function copyLedger(work: StepWork, step: StepOf<'ledger'>): Promise<string> {
  const { openBackup } = work.tools;
  if (openBackup === undefined)
    throw new HoldfastError('restore_refused', 'No backup can be opened from here');
  const { backup: id, versions, columns } = step.action;
  const backup = await openBackup(id);
  const list = statement(columns.join(', '));
  let copied = 0;
  try {
    const source = await connect({
      url: backup.urlOf(databaseOf(work.addresses.owner)),
      applicationName: 'holdfast-repair',
    });
    try {
      await runTransaction(work, step, {
        as: 'owner',
        committing: 'committing',
        perform: async tx => {
          await tx.execute(
            sql`create temporary table ${STAGE} on commit drop as select ${list} from ${LEDGER} with no data`,
          );
          await tx.copyIn(
            sql`copy ${STAGE} (${list}) from stdin`,
            source.copyOut(sql`copy (select ${list} from ${LEDGER}) to stdout`),
          );
          await tx.execute(
            sql`delete from ${LEDGER} where state <> 'applied' and version = any (${versions}::text[])`,
          );
          copied = await tx.execute(sql`
            insert into ${LEDGER} (${list}) select ${list} from ${STAGE}
            where state = 'applied' and version = any (${versions}::text[])`);
        },
      });
    } finally {
      await source.close();
    }
  } finally {
    await backup.discard();
  }
  return `${copied} rows of the ledger are back`;
}
