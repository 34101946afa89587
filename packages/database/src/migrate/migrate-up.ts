import { HoldfastError } from '@holdfast/core';
import { type AppliedMigration, applyMigration, type PlannedMigration } from './apply-migration.ts';
import { afterFailure, type SnapshotMoment, storeSnapshot, storeSnapshotOf } from './catalog-snapshot.ts';
import {
  findHalfDone,
  type ResumeAt,
  refuseNeedlessResume,
  refuseTampered,
  resumePoint,
} from './check-entries.ts';
import { compareLedger } from './compare-ledger.ts';
import { interruptedRun } from './explain-interruption.ts';
import { refuseForeignLedger } from './foreign-ledger.ts';
import { isInterruption, throwIfInterrupted } from './interruption.ts';
import { leftNothing } from './ledger-row.ts';
import { ensureLedger, readLedger } from './ledger-schema.ts';
import { compareVersions, type Migration } from './migration.ts';
import { createRunContext, makeDurable, type RunContext, type RunOptions } from './run-context.ts';
import { refuseUnknownSchemas } from './unknown-schemas.ts';
import { withMigrationLock } from './with-migration-lock.ts';

export interface MigrateUpOptions extends RunOptions {
  readonly migrations: readonly Migration[];
  /** The last version to apply. Default: all. */
  readonly to?: string;
  /** Where to go on with a migration that stopped half-way, when the tool refused to decide that. */
  readonly resumeAt?: ResumeAt;
}

/** What a run did. */
export interface MigrationRun {
  /** In the order they were applied; empty when there was nothing to do. */
  readonly applied: readonly AppliedMigration[];
  /** The last applied version after the run. */
  readonly version: string | undefined;
  /** Whether the catalog was stored as a snapshot. */
  readonly snapshotStored: boolean;
}

/**
 * Applies every pending migration in the order of versions, each exactly once however many runners start together: the others
 * wait and then find nothing to do. Before anything runs, the files are compared with the ledger. A transactional migration is
 * applied with its ledger row or not at all; a stepwise one that stopped is taken up where it stopped.
 * @throws `usage` for a schema that is not there and that none of them creates, `migration_adoption_needed`, `migration_tampered`,
 * `migration_half_done`, `migration_busy` before anything is run; `migration_failed`, `lock_timeout` and `interrupted` from the
 * migration that was under way, with those before it applied; `migration_failed` when the catalog cannot be stored after the
 * last, which is applied then; `database_unavailable` when the connection broke.
 */
export async function migrateUp(options: MigrateUpOptions): Promise<MigrationRun> {
  const { migrations } = options;
  const context = await createRunContext(options);
  return withMigrationLock(context, async () => {
    const plan = await planUp(context, options);
    await ensureLedger(context.connection);
    const applied: AppliedMigration[] = [];
    try {
      for (const step of plan.steps) {
        throwIfInterrupted(context);
        if (step.migration.up.mode === 'stepwise') await storeSnapshotOf(context, before(step));
        applied.push(await applyMigration(context, step));
      }
    } catch (error) {
      await settleAfterFailure(context, applied.length > 0);
      throw isInterruption(error) ? interruptedRun(error, 'up', applied) : error;
    }
    if (applied.length > 0) await makeDurable(context);
    const last = migrations.findLast(({ version }) => version === (applied.at(-1)?.version ?? plan.version));
    const snapshotStored = await storeSnapshotOf(context, after(last));
    return { applied, version: applied.at(-1)?.version ?? plan.version, snapshotStored };
  });
}

function before({ migration, resume }: PlannedMigration): SnapshotMoment {
  const state = resume === undefined ? 'of which nothing was run' : 'which stays where it had stopped';
  return { file: migration.file, state, next: 'migrate up' };
}

function after(last: Migration | undefined): SnapshotMoment {
  const file = last?.file ?? 'the last migration';
  return { file, state: 'whose changes are applied and committed', next: 'migrate up' };
}

async function planUp(
  context: RunContext,
  { migrations, to, resumeAt }: MigrateUpOptions,
): Promise<{ steps: PlannedMigration[]; version: string | undefined }> {
  await refuseUnknownSchemas(context, migrations);
  const rows = await readLedger(context.connection);
  if (rows.every(leftNothing)) await refuseForeignLedger(context, migrations);
  const entries = compareLedger(migrations, rows);
  refuseTampered(entries);
  const half = findHalfDone(entries, 'up');
  if (half === undefined) refuseNeedlessResume(resumeAt);
  const last = lastVersion(migrations, to);
  const steps = entries.flatMap((entry): PlannedMigration[] => {
    const migration = migrations.find(({ version }) => version === entry.version);
    if (migration === undefined || entry.state === 'applied') return [];
    if (entry === half) return [{ migration, resume: resumePoint(half, migration, resumeAt, context) }];
    return compareVersions(entry.version, last) <= 0 ? [{ migration, resume: undefined }] : [];
  });
  return { steps, version: entries.findLast(({ state }) => state === 'applied')?.version };
}

/** The last version to apply. @throws `usage` for one that no migration has. */
export function lastVersion(migrations: readonly Migration[], to: string | undefined): string {
  if (to === undefined) return migrations.at(-1)?.version ?? '0';
  if (/^\d+$/.test(to) && migrations.some(({ version }) => compareVersions(version, to) === 0)) return to;
  throw new HoldfastError('usage', `There is no migration with the version ${to}`);
}

/** Those that were applied before the failure are the schema now; the failure itself stays the error. */
function settleAfterFailure(context: RunContext, changed: boolean): Promise<void> {
  return afterFailure(async () => {
    await makeDurable(context);
    if (changed) await storeSnapshot(context);
  });
}
