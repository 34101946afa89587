import { HoldfastError } from '@holdfast/core';
import { type Assessment, recheckEmpty } from './assess-data-loss.ts';
import { forgetSnapshots } from './catalog-snapshot.ts';
import { dataLossRefused, losesData } from './data-loss.ts';
import {
  explainFailure,
  explainOutage,
  failureToRecord,
  SCRATCH_OUTCOME,
  stepwiseOutcome,
} from './explain-failure.ts';
import { interruptedMigration } from './explain-interruption.ts';
import { explainDenied } from './explain-rights.ts';
import { isInterruption } from './interruption.ts';
import { deleteLedgerRow, findChain, updateFailure, updateReverting } from './ledger-queries.ts';
import { doneHash } from './ledger-row.ts';
import type { Migration, MigrationScript } from './migration.ts';
import { type RunContext, resetSession, writeLedger } from './run-context.ts';
import { runStepwise, type StepwiseStart } from './run-stepwise.ts';
import { runTransactional } from './run-transactional.ts';
import { findFailure, ledgerFailure, type StatementFailure } from './statement-failure.ts';

export interface RevertedMigration {
  readonly version: string;
  readonly name: string;
  readonly durationMs: number;
}

/** One migration to roll back. */
export interface PlannedRevert {
  readonly migration: Migration;
  readonly script: MigrationScript;
  /** Set when its rollback stopped half-way. */
  readonly resume: StepwiseStart | undefined;
  /** Set when no data may be lost: what the trial saw. */
  readonly assessment: Assessment | undefined;
}

/** Rolls one migration back and removes its ledger row. */
export async function revertMigration(
  context: RunContext,
  planned: PlannedRevert,
): Promise<RevertedMigration> {
  const { migration, script, resume } = planned;
  const { version, name } = migration;
  const statements = script.statements.length;
  const from = (resume?.next ?? 0) + 1;
  context.report({ kind: 'migration_started', direction: 'down', version, name, statements, from });
  await resetSession(context);
  const started = context.clock.monotonic();
  try {
    if (script.mode === 'transactional') await revertInTransaction(context, planned);
    else await revertStepwise(context, planned);
  } catch (error) {
    throw await recordFailure(context, planned, error);
  }
  const durationMs = context.clock.monotonic() - started;
  context.report({ kind: 'migration_finished', direction: 'down', version, name, durationMs });
  return { version, name, durationMs };
}

async function revertInTransaction(context: RunContext, planned: PlannedRevert): Promise<void> {
  const { migration, script, assessment } = planned;
  await runTransactional(
    context,
    migration.version,
    script,
    async tx => {
      const chain = await findChain(tx);
      await deleteLedgerRow(tx, migration.version);
      if (chain !== undefined) await forgetSnapshots(tx, chain);
    },
    { prepare: () => refuseNewData(context, assessment) },
  );
}

async function revertStepwise(context: RunContext, planned: PlannedRevert): Promise<void> {
  const { migration, script, resume, assessment } = planned;
  const { version } = migration;
  if (resume === undefined) {
    await writeLedger(context, async tx => {
      await refuseNewData(context, assessment);
      const statementCount = script.statements.length;
      await updateReverting(tx, version, { statementCount, doneHash: doneHash(script.statements, 0) });
    });
  }
  await runStepwise(context, version, script, resume ?? { next: 0, inDoubt: false });
  await writeLedger(context, async tx => {
    const chain = await findChain(tx);
    await deleteLedgerRow(tx, version);
    if (chain !== undefined) await forgetSnapshots(tx, chain);
  });
}

async function refuseNewData(context: RunContext, assessment: Assessment | undefined): Promise<void> {
  if (assessment === undefined) return;
  const loss = await recheckEmpty(context, assessment);
  if (losesData(loss)) throw dataLossRefused(loss);
}

async function recordFailure(context: RunContext, planned: PlannedRevert, error: unknown): Promise<unknown> {
  const refused = refusal(error);
  if (refused !== undefined) return refused;
  const { migration, script } = planned;
  const stopped = isInterruption(error);
  const failure = stopped ? findFailure(error) : failureToRecord(error);
  if (failure !== undefined && script.mode === 'stepwise') {
    const recorded = ledgerFailure(failure, context.clock.now(), stopped);
    await writeLedger(context, tx => updateFailure(tx, migration.version, recorded));
  }
  if (stopped)
    return interruptedMigration(error, { direction: 'down', migration, commandLine: context.commandLine });
  if (failure === undefined)
    return explainOutage(error, { file: migration.file, verb: 'down', commandLine: context.commandLine });
  if (context.inScratch) return explainFailure(error, SCRATCH_OUTCOME);
  return explainFailure(error, await outcomeOf(context, planned, failure, error));
}

async function outcomeOf(
  { connection }: RunContext,
  { script }: PlannedRevert,
  failure: StatementFailure,
  error: unknown,
): Promise<string> {
  const denied = await explainDenied(connection, error);
  const why = denied === undefined ? '' : ` ${denied}.`;
  if (script.mode === 'transactional')
    return `It stays applied as it is; nothing of the rollback took effect.${why}`;
  return denied === undefined ? stepwiseOutcome(failure) : `Nothing of this statement took effect.${why}`;
}

function refusal(error: unknown): HoldfastError | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (current instanceof HoldfastError && current.code === 'data_loss_refused') return current;
  }
  return undefined;
}
