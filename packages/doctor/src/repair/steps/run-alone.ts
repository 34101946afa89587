import { sql } from '@holdfast/postgres';
import { statement } from '../statement.ts';
import { inSession, type StepOf, type StepWork } from './step-work.ts';

/** An index built concurrently waits for every transaction that was there before it. */
const LOCK_WAIT_MS = 300_000;

/** Runs statements one after another, each by itself. */
export async function runAlone(
  work: StepWork,
  { action }: StepOf<'alone'>,
  statements: readonly string[],
): Promise<void> {
  await inSession(work, action.as, async connection => {
    await connection.query(sql`
      select pg_catalog.set_config('lock_timeout', ${String(LOCK_WAIT_MS)}, false),
        pg_catalog.set_config('statement_timeout', '0', false),
        pg_catalog.set_config('default_transaction_read_only', 'off', false)`);
    for (const text of statements) await connection.query(statement(text));
  });
}
