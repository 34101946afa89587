import { sql, type Transaction } from '@holdfast/postgres';
import type { JournaledStep } from '../repair-journal.ts';
import type { StepRole } from '../repair-plan.ts';
import { statement } from '../statement.ts';
import { applicationName, inSession, type StepWork } from './step-work.ts';

const LOCK_WAIT_MS = 10_000;

interface TransactionWork {
  readonly as: StepRole;
  /** The state of the step when only the commit is left. */
  readonly committing: 'committing' | 'undoing';
  readonly perform: (tx: Transaction) => Promise<void>;
}

/** Runs the statements of a plan one after another. */
export async function runStatements(tx: Transaction, statements: readonly string[]): Promise<void> {
  for (const text of statements) await tx.query(statement(text));
}

/**
 * Runs work as one transaction. The journal has its number before it is committed, so that PostgreSQL can be asked afterwards
 * what became of it, whenever this process ends.
 */
export async function runTransaction(
  work: StepWork,
  step: JournaledStep,
  { as, committing, perform }: TransactionWork,
): Promise<void> {
  await inSession(work, as, connection =>
    connection.transaction(
      async tx => {
        await prepare(tx);
        await perform(tx);
        step.transaction = await numberOf(tx);
        step.state = committing;
        await work.save();
      },
      { readOnly: false, retries: 0 },
    ),
  );
}

async function prepare(tx: Transaction): Promise<void> {
  await tx.query(sql`
    select pg_catalog.set_config('lock_timeout', ${String(LOCK_WAIT_MS)}, true),
      pg_catalog.set_config('statement_timeout', '0', true),
      pg_catalog.set_config('check_function_bodies', 'off', true)`);
}

async function numberOf(tx: Transaction): Promise<string | null> {
  const { xid } = await tx.one(
    sql<{ xid: string | null }>`select pg_catalog.pg_current_xact_id_if_assigned()::pg_catalog.text as xid`,
  );
  return xid;
}

const POLL_MS = 100;
const SETTLE_MS = 30_000;

/**
 * What became of the transaction of a step that was cut off. Sessions of the run that are still there are ended first: nobody waits
 * for them. `unknown` when the server has forgotten it, or it will not end.
 */
export async function settleTransaction(
  work: StepWork,
  step: JournaledStep,
): Promise<'committed' | 'aborted' | 'unknown'> {
  const { transaction, action } = step;
  await endSessions(work);
  if (transaction === null) return 'aborted';
  return inSession(work, 'as' in action ? action.as : 'owner', async connection => {
    const until = work.clock.monotonic() + SETTLE_MS;
    for (;;) {
      const { status } = await connection.one(sql<{ status: string | null }>`
        select pg_catalog.pg_xact_status(${transaction}::pg_catalog.xid8) as status`);
      if (status === 'committed' || status === 'aborted') return status;
      if (status === null || work.clock.monotonic() > until) return 'unknown';
      await work.clock.sleep(POLL_MS, work.signal);
    }
  });
}

/** Ends what a killed run has left behind in the server; the role may end its own sessions. */
export async function endSessions(work: StepWork): Promise<void> {
  const name = applicationName(work.repair);
  for (const as of ['owner', 'administrator', 'app'] as const) {
    await inSession(work, as, connection =>
      connection.query(sql`
        select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity
        where application_name = ${name} and usename = current_user and pid <> pg_catalog.pg_backend_pid()`),
    ).catch(() => undefined);
  }
}
