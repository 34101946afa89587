import { errorMessage } from '@holdfast/core';
import { sqlState, type Transaction } from '@holdfast/postgres';
import type { LintFinding } from '../lint/finding.ts';
import { findHalfDone, refuseTampered } from '../migrate/check-entries.ts';
import type { MigrationEntry } from '../migrate/compare-ledger.ts';
import { outageBehind } from '../migrate/explain-failure.ts';
import { parseCreateIndex } from '../migrate/index-statement.ts';
import { interrupted, isInterruption } from '../migrate/interruption.ts';
import { lastVersion } from '../migrate/migrate-up.ts';
import { compareVersions, type Migration } from '../migrate/migration.ts';
import { migrationStatus } from '../migrate/migration-status.ts';
import { summary } from '../migrate/parse-migration.ts';
import { isWaitingForLock, retryOnLock } from '../migrate/retry-on-lock.ts';
import { createRunContext, type RunContext, type RunOptions } from '../migrate/run-context.ts';
import { withMigrationLock } from '../migrate/with-migration-lock.ts';
import type { Statement } from '../sql-script/split-statements.ts';
import { statementKind } from '../sql-script/statement-kind.ts';
import { createObserver, NO_EFFECTS, type Observer } from './observe.ts';
import type { MigrationPlan, PlannedMigrationFile, PlannedOutcome, PlannedStatement } from './plan.ts';
import { findTableBytes } from './plan-queries.ts';
import { predict } from './predict.ts';

export interface PlanOptions extends Omit<RunOptions, 'appVersion' | 'schemas'> {
  readonly migrations: readonly Migration[];
  /** The last version to try. Default: all. */
  readonly to?: string;
  /** What lint says; put beside the statements. */
  readonly findings?: readonly LintFinding[];
  /** After how long a statement is stopped, in milliseconds, for its locks keep others waiting meanwhile. Default 5 seconds. */
  readonly statementLimitMs?: number;
}

const DEFAULT_LIMIT_MS = 5_000;
const UNSAFE_NEW_ENUM_VALUE = '55P04';
const QUERY_CANCELED = '57014';
/** undefined_table, undefined_object, undefined_column */
const UNDEFINED = ['42P01', '42704', '42703'];
const SMALL_BYTES = 8 * 1024 * 1024;

class DryRunOver extends Error {}

/**
 * Tries the pending migrations, one after the other, in one transaction that is always rolled back, and tells for each statement
 * which locks it takes, what it reads, rewrites and builds, and how long that took. Writes nothing, the ledger's tables included;
 * only sequences that the migrations advance stay advanced. Its locks are real while it runs: it waits for one no longer than
 * `ddlLockTimeoutMs`, begins anew when it cannot have it, and stops a statement after `statementLimitMs`.
 * @throws `migration_tampered` when files and ledger contradict each other, `migration_half_done` while a rollback is, `migration_busy` while a runner
 * is at work,
 * `lock_timeout` when the tables were in use all the time; `interrupted`.
 */
export async function planMigrations(options: PlanOptions): Promise<MigrationPlan> {
  const context = await createRunContext({ ...options, appVersion: '' });
  return withMigrationLock(context, async () => {
    const { entries, version } = await migrationStatus(context.connection, options.migrations);
    refuseTampered(entries);
    const pending = findPending(entries, findHalfDone(entries, 'up'), options);
    const migrations = await dryRun(context, pending, options);
    const complete = migrations.every(({ statements }) =>
      statements.every(({ outcome }) => outcome.kind === 'run' || outcome.kind === 'predicted'),
    );
    return { version, migrations, complete };
  });
}

async function dryRun(
  context: RunContext,
  pending: readonly Pending[],
  options: PlanOptions,
): Promise<PlannedMigrationFile[]> {
  try {
    return await retryOnLock(context, 'the dry run', () => tryAll(context, pending, options));
  } catch (cause) {
    if (!isInterruption(cause)) throw cause;
    throw interrupted('Interrupted. The dry run was rolled back; nothing was changed.', { cause });
  }
}

interface Pending {
  readonly migration: Migration;
  /** The statements that are left of it. */
  readonly statements: readonly Statement[];
}

function findPending(
  entries: readonly MigrationEntry[],
  half: ReturnType<typeof findHalfDone>,
  { migrations, to }: PlanOptions,
): Pending[] {
  const last = lastVersion(migrations, to);
  return entries.flatMap((entry): Pending[] => {
    const migration = migrations.find(({ version }) => version === entry.version);
    if (migration === undefined || entry.state === 'applied') return [];
    if (compareVersions(migration.version, last) > 0) return [];
    const done = half !== undefined && entry === half ? half.nextStatement - 1 : 0;
    return [{ migration, statements: migration.up.statements.slice(done) }];
  });
}

interface Attempt {
  readonly context: RunContext;
  readonly tx: Transaction;
  readonly observer: Observer;
  readonly limitMs: number;
  readonly findings: readonly LintFinding[];
  /** Set by the first statement that could not be run to its end: nothing after it can be tried. */
  stopped: boolean;
  /** Set by a statement that was left out. */
  untried: boolean;
}

async function tryAll(
  context: RunContext,
  pending: readonly Pending[],
  { statementLimitMs = DEFAULT_LIMIT_MS, findings = [] }: PlanOptions,
): Promise<PlannedMigrationFile[]> {
  const planned: PlannedMigrationFile[] = [];
  const attempts = context.connection.transaction(
    async tx => {
      const observer = await createObserver(tx);
      const attempt: Attempt = {
        context,
        tx,
        observer,
        limitMs: statementLimitMs,
        findings,
        stopped: false,
        untried: false,
      };
      for (const one of pending) planned.push(await tryMigration(attempt, one));
      throw new DryRunOver();
    },
    { retries: 0 },
  );
  await attempts.catch((error: unknown) => {
    if (!(error instanceof DryRunOver)) throw error;
  });
  return planned;
}

async function tryMigration(
  attempt: Attempt,
  { migration, statements }: Pending,
): Promise<PlannedMigrationFile> {
  const { connection } = attempt.context;
  if (!attempt.stopped)
    await connection.script('reset all; reset role; set standard_conforming_strings = on');
  const planned: PlannedStatement[] = [];
  for (const [position, statement] of statements.entries()) {
    const next = statements[position + 1];
    const findings = attempt.findings.filter(
      finding => finding.file === migration.file && isWithin(finding, statement, next),
    );
    planned.push(await tryStatement(attempt, statement, findings, position > 0));
  }
  const { version, name, file, up } = migration;
  const checked = await checkDeferred(attempt, planned);
  return { version, name, file, mode: up.mode, statements: checked };
}

function isWithin(place: LintFinding, from: Statement, to: Statement | undefined): boolean {
  const after = place.line > from.line || (place.line === from.line && place.column >= from.column);
  return (
    after &&
    (to === undefined || place.line < to.line || (place.line === to.line && place.column < to.column))
  );
}

async function tryStatement(
  attempt: Attempt,
  statement: Statement,
  findings: readonly LintFinding[],
  sameMigration: boolean,
): Promise<PlannedStatement> {
  const { index, line, column } = statement;
  const about = { statement: index + 1, line, column, summary: summary(statement), findings };
  const without = (outcome: PlannedOutcome): PlannedStatement => ({
    ...about,
    outcome,
    durationMs: null,
    ...NO_EFFECTS,
  });
  if (attempt.stopped) return without({ kind: 'not_run' });
  const prediction = predict(statement);
  if (prediction !== undefined) {
    const failure = await standIn(attempt, statement);
    if (failure !== undefined) return without(failure);
    const { reason, locks } = prediction;
    return { ...without({ kind: 'predicted', reason }), locks };
  }
  if (['begin', 'commit', 'rollback'].includes(statementKind(statement))) {
    return without({
      kind: 'predicted',
      reason: 'a transaction of the file itself; the dry run is one already',
    });
  }
  const { clock } = attempt.context;
  const started = clock.monotonic();
  try {
    await limitTimes(attempt);
    await attempt.context.connection.script(statement.text);
  } catch (error) {
    attempt.stopped = true;
    return without(outcomeOf(attempt, error, sameMigration));
  }
  const durationMs = clock.monotonic() - started;
  return { ...about, outcome: { kind: 'run' }, durationMs, ...(await attempt.observer.observe()) };
}

/** Builds a small index in the plain way in the place of a concurrent one, so that what needs it can be tried. */
async function standIn(attempt: Attempt, statement: Statement): Promise<PlannedOutcome | undefined> {
  const { context, tx, observer } = attempt;
  const table = parseCreateIndex(statement)?.table;
  if (table === undefined || !((await findTableBytes(tx, table)) <= SMALL_BYTES)) {
    attempt.untried = true;
    return undefined;
  }
  try {
    await limitTimes(attempt);
    await context.connection.script(statement.text.replace(/\bconcurrently\b/i, ''));
  } catch (error) {
    attempt.stopped = true;
    return outcomeOf(attempt, error, true);
  }
  await observer.observe();
  return undefined;
}

/** Before each statement, for the one before may have set others. */
async function limitTimes({ context, limitMs }: Attempt): Promise<void> {
  const lockTimeout = Math.round(context.ddlLockTimeoutMs);
  await context.connection.script(
    `set local lock_timeout = ${lockTimeout}; set local statement_timeout = ${Math.round(limitMs)}`,
  );
}

function outcomeOf(
  { context, limitMs, untried }: Attempt,
  error: unknown,
  sameMigration: boolean,
): PlannedOutcome {
  if (isWaitingForLock(error) || outageBehind(error) !== undefined || context.signal?.aborted === true) {
    throw error;
  }
  const state = sqlState(error) ?? null;
  if (state === QUERY_CANCELED) return { kind: 'too_long', limitMs };
  if (state === UNSAFE_NEW_ENUM_VALUE && !sameMigration) {
    return {
      kind: 'predicted',
      reason: 'uses an enum value that a migration before it adds, which is committed by then',
    };
  }
  const message = errorMessage(error);
  if (untried && UNDEFINED.includes(state ?? '')) {
    return {
      kind: 'predicted',
      reason: `needs what a statement before it makes, which was not tried: ${message}`,
    };
  }
  return { kind: 'failed', message, sqlState: state };
}

/** What the commit would check; its failure is put down to the last statement. */
async function checkDeferred(attempt: Attempt, planned: PlannedStatement[]): Promise<PlannedStatement[]> {
  const last = planned.at(-1);
  if (attempt.stopped || last === undefined) return planned;
  try {
    await limitTimes(attempt);
    // the second one, so that the next migration finds them as its own transaction would
    await attempt.context.connection.script('set constraints all immediate; set constraints all deferred');
    return planned;
  } catch (error) {
    attempt.stopped = true;
    const outcome = outcomeOf(attempt, error, true);
    return [...planned.slice(0, -1), { ...last, outcome }];
  }
}
