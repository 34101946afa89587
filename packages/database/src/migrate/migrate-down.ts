import { HoldfastError } from '@holdfast/core';
import { assessDataLoss } from './assess-data-loss.ts';
import { afterFailure, renewSnapshot, type SnapshotMoment, storeSnapshotOf } from './catalog-snapshot.ts';
import {
  findHalfDone,
  type ResumeAt,
  refuseNeedlessResume,
  refuseTampered,
  resumePoint,
} from './check-entries.ts';
import { compareLedger, type MigrationEntry } from './compare-ledger.ts';
import { addLoss, dataLossRefused, losesData, NO_LOSS } from './data-loss.ts';
import { explainFailure } from './explain-failure.ts';
import { interruptedRun, interruptedTrial } from './explain-interruption.ts';
import { explainDenied } from './explain-rights.ts';
import { isInterruption, throwIfInterrupted } from './interruption.ts';
import { readLedger } from './ledger-schema.ts';
import { compareVersions, type Migration, type MigrationScript } from './migration.ts';
import { type PlannedRevert, type RevertedMigration, revertMigration } from './revert-migration.ts';
import { createRunContext, type RunContext, type RunOptions } from './run-context.ts';
import { refuseUnknownSchemas } from './unknown-schemas.ts';
import { withMigrationLock } from './with-migration-lock.ts';

export interface MigrateDownOptions extends RunOptions {
  readonly migrations: readonly Migration[];
  /** The version that stays: everything applied after it is rolled back, newest first. `0` rolls back everything. */
  readonly to: string;
  /** Go on although rows or values would be lost. Default false: find out first, and refuse. */
  readonly acceptDataLoss?: boolean;
  /** Where to go on with a rollback that stopped half-way, when the tool refused to decide that. */
  readonly resumeAt?: ResumeAt;
}

/** What a rollback did. */
export interface RollbackRun {
  /** In the order they were rolled back: newest first. */
  readonly reverted: readonly RevertedMigration[];
  /** The last applied version after the run. */
  readonly version: string | undefined;
}

/**
 * Rolls back to a version. All of it is tried beforehand in a transaction that is rolled back; when rows or values would be lost,
 * nothing is done unless that is accepted. Each migration is rolled back with its ledger row or not at all; a stepwise one that
 * stopped is taken up where it stopped.
 * @throws `data_loss_refused`, `migration_tampered`, `migration_half_done`, `migration_busy`, `usage`, and `sql_file_invalid` for
 * a migration without a down section, all before anything is done; `migration_failed`, `lock_timeout` and `interrupted` from the
 * one that was under way
 */
export async function migrateDown(options: MigrateDownOptions): Promise<RollbackRun> {
  const context = await createRunContext(options);
  return withMigrationLock(context, async () => {
    const { steps, version } = await planDown(context, options);
    const assessed = options.acceptDataLoss === true ? steps : await assess(context, steps);
    const reverted = await revertAll(context, assessed, version);
    return { reverted, version };
  });
}

async function revertAll(
  context: RunContext,
  steps: readonly PlannedRevert[],
  version: string | undefined,
): Promise<readonly RevertedMigration[]> {
  const reverted: RevertedMigration[] = [];
  const after = () => afterRollback(reverted, steps, version);
  try {
    for (const step of steps) {
      throwIfInterrupted(context);
      if (step.script.mode === 'stepwise') await storeSnapshotOf(context, before(step));
      reverted.push(await revertMigration(context, step));
    }
  } catch (error) {
    if (reverted.length > 0) await afterFailure(() => renewSnapshot(context, after()));
    throw isInterruption(error) ? interruptedRun(error, 'down', reverted) : error;
  }
  if (reverted.length > 0) await renewSnapshot(context, after());
  return reverted;
}

function before({ migration, resume }: PlannedRevert): SnapshotMoment {
  const state =
    resume === undefined ? 'which stays applied as it was' : 'whose rollback stays where it had stopped';
  return { file: migration.file, state, next: 'migrate down' };
}

/** A run up to the version that stays has nothing to apply and stores what is missing. */
function afterRollback(
  reverted: readonly RevertedMigration[],
  steps: readonly PlannedRevert[],
  version: string | undefined,
): SnapshotMoment {
  const last = reverted.at(-1)?.version;
  const file = steps.find(({ migration }) => migration.version === last)?.migration.file ?? '';
  const next = version === undefined ? 'migrate status' : `migrate up --to ${version}`;
  return { file, state: 'whose rollback is done and committed', next };
}

async function planDown(
  context: RunContext,
  { migrations, to, resumeAt }: MigrateDownOptions,
): Promise<{ steps: PlannedRevert[]; version: string | undefined }> {
  await refuseUnknownSchemas(context, migrations);
  const entries = compareLedger(migrations, await readLedger(context.connection));
  refuseTampered(entries);
  checkTarget(migrations, to);
  const half = findHalfDone(entries, 'down');
  if (half === undefined) refuseNeedlessResume(resumeAt);
  const steps = entries
    .filter(entry => entry === half || (entry.state === 'applied' && compareVersions(entry.version, to) > 0))
    .reverse()
    .map((entry): PlannedRevert => {
      const migration = findMigration(migrations, entry);
      const resume = half === entry ? resumePoint(half, migration, resumeAt, context) : undefined;
      return { migration, script: downScript(migration), resume, assessment: undefined };
    });
  const kept = entries.findLast(
    ({ state, version }) => state === 'applied' && compareVersions(version, to) <= 0,
  );
  return { steps, version: kept?.version };
}

function checkTarget(migrations: readonly Migration[], to: string): void {
  const known = /^\d+$/.test(to) && migrations.some(({ version }) => compareVersions(version, to) === 0);
  if (known || /^0+$/.test(to)) return;
  const versions = migrations.map(({ version }) => version).join(', ');
  throw new HoldfastError(
    'usage',
    `There is no migration with the version ${to}; there are 0 (before all), ${versions}`,
  );
}

function findMigration(migrations: readonly Migration[], { version }: MigrationEntry): Migration {
  const migration = migrations.find(candidate => candidate.version === version);
  if (migration !== undefined) return migration;
  throw new HoldfastError('internal', `The migration ${version} is planned but not among the files`);
}

function downScript({ file, down }: Migration): MigrationScript {
  if (down !== undefined) return down;
  throw new HoldfastError(
    'sql_file_invalid',
    `${file} has no down section, so it cannot be rolled back. Nothing was done; restore a backup, or write a new migration that undoes it`,
    { details: { file } },
  );
}

/** What stopped half-way was accepted when it was begun. */
async function assess(context: RunContext, steps: readonly PlannedRevert[]): Promise<PlannedRevert[]> {
  const fresh = steps.filter(({ resume }) => resume === undefined);
  const begun = steps.filter(({ resume }) => resume !== undefined);
  if (begun.length > 0 && fresh.length > 0) {
    const version = begun[0]?.migration.version ?? '';
    const message = `The rollback of ${version} stopped half-way, and what lies before it cannot be tried until it is finished. Roll back to the version just before ${version} first`;
    throw new HoldfastError('migration_half_done', message, { details: { version } });
  }
  const assessments = await tryAll(context, fresh);
  const loss = assessments.reduce((sum, { loss: one }) => addLoss(sum, one), NO_LOSS);
  if (losesData(loss)) throw dataLossRefused(loss);
  return [...begun, ...fresh.map((step, index) => ({ ...step, assessment: assessments[index] }))];
}

async function tryAll(
  context: RunContext,
  steps: readonly PlannedRevert[],
): Promise<Awaited<ReturnType<typeof assessDataLoss>>> {
  if (steps.length === 0) return [];
  try {
    return await assessDataLoss(
      context,
      steps.map(({ script }) => script),
    );
  } catch (error) {
    if (isInterruption(error)) throw interruptedTrial(error);
    const denied = await explainDenied(context.connection, error);
    const why = denied === undefined ? '' : ` ${denied}.`;
    throw explainFailure(error, `This was a trial; nothing was rolled back.${why}`);
  }
}
