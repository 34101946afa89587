import type { Transaction } from '@holdfast/postgres';
import {
  explainFailure,
  explainOutage,
  failureToRecord,
  SCRATCH_OUTCOME,
  stepwiseOutcome,
} from './explain-failure.ts';
import { interruptedMigration } from './explain-interruption.ts';
import { explainDenied } from './explain-rights.ts';
import { CHAIN_START, chainHash } from './hash-chain.ts';
import { isInterruption } from './interruption.ts';
import {
  deleteLedgerRow,
  findChain,
  insertApplied,
  insertFailed,
  insertStarted,
  type LedgerEntry,
  updateFailure,
  updateFinished,
  updateResumed,
} from './ledger-queries.ts';
import { doneHash } from './ledger-row.ts';
import type { Migration } from './migration.ts';
import { type RunContext, resetForTransaction, resetSession, writeLedger } from './run-context.ts';
import { runStepwise, type StepwiseStart } from './run-stepwise.ts';
import { runTransactional } from './run-transactional.ts';
import { findFailure, ledgerFailure, type StatementFailure } from './statement-failure.ts';

export interface AppliedMigration {
  readonly version: string;
  readonly name: string;
  readonly durationMs: number;
  /** The first statement that was run, from 1: above 1 when it was taken up half-way. */
  readonly from: number;
}

/** One migration to apply. */
export interface PlannedMigration {
  readonly migration: Migration;
  /** Set when it stopped half-way. */
  readonly resume: StepwiseStart | undefined;
}

/** Applies one migration and records it, or records how it failed. */
export async function applyMigration(
  context: RunContext,
  planned: PlannedMigration,
): Promise<AppliedMigration> {
  const { migration, resume } = planned;
  const { version, name, up } = migration;
  const from = (resume?.next ?? 0) + 1;
  const statements = up.statements.length;
  context.report({ kind: 'migration_started', direction: 'up', version, name, statements, from });
  await (up.mode === 'transactional' ? resetForTransaction(context) : resetSession(context));
  const started = context.clock.monotonic();
  const elapsed = (): number => context.clock.monotonic() - started;
  try {
    if (up.mode === 'transactional') await applyInTransaction(context, migration, elapsed);
    else await applyStepwise(context, migration, resume, elapsed);
  } catch (error) {
    throw await recordFailure(context, migration, error);
  }
  const durationMs = elapsed();
  context.report({ kind: 'migration_finished', direction: 'up', version, name, durationMs });
  return { version, name, durationMs, from };
}

async function applyInTransaction(
  context: RunContext,
  migration: Migration,
  elapsed: () => number,
): Promise<void> {
  const record = (tx: Transaction): Promise<void> =>
    insertApplied(tx, { ...ledgerEntry(context, migration), durationMs: elapsed() });
  await runTransactional(context, migration.version, migration.up, record, { shortLocks: false });
}

async function applyStepwise(
  context: RunContext,
  migration: Migration,
  resume: StepwiseStart | undefined,
  elapsed: () => number,
): Promise<void> {
  const { version, up } = migration;
  const entry = { ...ledgerEntry(context, migration), statementCount: up.statements.length };
  await writeLedger(context, async tx => {
    if (resume !== undefined) return updateResumed(tx, entry);
    await deleteLedgerRow(tx, version);
    await insertStarted(tx, { ...entry, doneHash: doneHash(up.statements, 0) });
  });
  await runStepwise(context, version, up, resume ?? { next: 0, inDoubt: false });
  await writeLedger(context, async tx => {
    const chain = await nextChain(tx, migration);
    await updateFinished(tx, version, { chain, durationMs: elapsed() });
  });
}

async function nextChain(tx: Transaction, { version, checksum }: Migration): Promise<string> {
  return chainHash((await findChain(tx)) ?? CHAIN_START, version, checksum);
}

function ledgerEntry(context: RunContext, { version, name, checksum }: Migration): LedgerEntry {
  return { version, name, checksum, toolVersion: context.appVersion };
}

/** Records a failure in the ledger and says what it means. After an outage the ledger knows by itself how far it got. */
async function recordFailure(context: RunContext, migration: Migration, error: unknown): Promise<unknown> {
  const stopped = isInterruption(error);
  const failure = stopped ? findFailure(error) : failureToRecord(error);
  if (failure !== undefined) await writeFailure(context, migration, failure, stopped);
  if (stopped)
    return interruptedMigration(error, { direction: 'up', migration, commandLine: context.commandLine });
  if (failure === undefined)
    return explainOutage(error, { file: migration.file, verb: 'up', commandLine: context.commandLine });
  if (context.inScratch) return explainFailure(error, SCRATCH_OUTCOME);
  const outcome =
    migration.up.mode === 'stepwise'
      ? stepwiseOutcome(failure)
      : 'Nothing of this file was applied. Correct it and run again.';
  const denied = await explainDenied(context.connection, error);
  return explainFailure(
    error,
    denied === undefined
      ? outcome
      : `Nothing of this ${migration.up.mode === 'stepwise' ? 'statement' : 'file'} was applied. ${denied}.`,
  );
}

async function writeFailure(
  context: RunContext,
  migration: Migration,
  failure: StatementFailure,
  stopped: boolean,
): Promise<void> {
  const recorded = ledgerFailure(failure, context.clock.now(), stopped);
  await writeLedger(context, async tx => {
    if (migration.up.mode === 'stepwise') return updateFailure(tx, migration.version, recorded);
    await deleteLedgerRow(tx, migration.version);
    await insertFailed(tx, ledgerEntry(context, migration), recorded);
  });
}
