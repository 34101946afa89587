import { type Clock, errorMessage, isHoldfastError, redactText, systemClock } from '@holdfast/core';
import { type Queryable, sql, sqlState } from '@holdfast/postgres';
import { CATALOGUE } from './catalogue.ts';
import type { HealthContext, HealthEntry } from './entry.ts';
import { type Examination, type ExaminationOptions, openExamination } from './examination.ts';
import { ledgerExpectation, narrowExpectation, refuseMissingSchemas } from './expectation.ts';
import { countLevels, type EntryReport, type HealthReport, overallStatus } from './report.ts';
import { entryReport, lateEntry, runEntry, skippedEntry } from './run-entry.ts';
import { readSlowQueries } from './slow-queries.ts';
import { readTableOverview } from './table-overview.ts';
import { assertThresholds, type ThresholdOverrides, thresholdsOf } from './thresholds.ts';
import { findTrends, withPrediction } from './trends.ts';

/** What the entries may use beyond the database; an entry without its source is skipped. */
export type HealthSources = Pick<
  HealthContext,
  | 'pool'
  | 'samples'
  | 'backups'
  | 'expected'
  | 'migrationsDirectory'
  | 'ownMigrationsDirectory'
  | 'dataDirectory'
  | 'encryptionKeys'
>;

export interface HealthOptions {
  readonly url: string;
  /** Default: the whole catalogue. */
  readonly entries?: readonly HealthEntry[];
  /** Only the quick ones of them. */
  readonly quickOnly?: boolean;
  readonly thresholds?: ThresholdOverrides;
  readonly sources?: HealthSources;
  /** Default: all that are not PostgreSQL's own. */
  readonly schemas?: readonly string[];
  /** Milliseconds for everything together. Default 10,000; what did not get its turn is skipped. */
  readonly budgetMs?: number;
  /** Each entry takes the time it needs, instead of its share of the budget. */
  readonly full?: boolean;
  /** Default 5,000 ms. */
  readonly connectTimeoutMs?: number;
  /** Also reads the largest tables and the slowest queries. */
  readonly overview?: boolean;
  readonly clock?: Clock;
  /** Once aborted, no further entry begins. */
  readonly signal?: AbortSignal;
}

const BUDGET_MS = 10_000;
/** The time of a full examination: so long that only what hangs is ended. */
const FULL_MS = 12 * 3_600_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** However little is left, an entry that begins gets this much. */
const LEAST_MS = 250;
/** Most entries need next to nothing, so one that needs more may have this part of what is left. */
const SHARES = 8;
/** A quick entry that takes longer has met trouble. */
const QUICK_MS = 2_000;
const TOO_MANY_CONNECTIONS = '53300';

/**
 * Examines a database with at most two connections at a time, read-only, one entry after another, each within its share of
 * the time. A database that cannot be reached is a finding, not an error.
 * @throws HoldfastError `usage` for thresholds that do not exist, and for schemas that neither exist nor are expected.
 */
export async function runHealth(options: HealthOptions): Promise<HealthReport> {
  const { clock = systemClock, entries = CATALOGUE, thresholds = {} } = options;
  assertThresholds(CATALOGUE.concat(entries), thresholds);
  const chosen = options.quickOnly === true ? entries.filter(({ quick }) => quick) : entries;
  const run = createRun(options, chosen, clock);
  let expected: HealthContext['expected'];
  try {
    run.examination = await openExamination(run.opening);
    expected = options.sources?.expected ?? (await ledgerExpectation(run.examination.connection));
    run.expected = narrowExpectation(expected, options.schemas);
  } catch (error) {
    return finish(
      run,
      chosen.map(entry => unreached(run, entry, error)),
      { ok: false, reason: reasonOf(error) },
    );
  }
  try {
    const { connection, connectMs } = run.examination;
    if (options.schemas !== undefined) await refuseMissingSchemas(connection, options.schemas, expected);
    const reports = await runEntries(run);
    const lost = run.lost === undefined ? undefined : { ok: false as const, reason: run.lost };
    return await finish(run, reports, lost ?? { ok: true, connectMs });
  } finally {
    await run.examination.connection.close();
  }
}

interface Run {
  readonly options: HealthOptions;
  readonly chosen: readonly HealthEntry[];
  readonly overrides: ThresholdOverrides;
  readonly clock: Clock;
  readonly begin: number;
  readonly budgetMs: number;
  readonly opening: ExaminationOptions;
  examination: Examination | undefined;
  expected: HealthContext['expected'];
  /** Why the connection was lost for good. */
  lost: string | undefined;
}

function createRun(options: HealthOptions, chosen: readonly HealthEntry[], clock: Clock): Run {
  const { url, connectTimeoutMs = CONNECT_TIMEOUT_MS } = options;
  const budgetMs = options.full === true ? FULL_MS : (options.budgetMs ?? BUDGET_MS);
  return {
    options,
    chosen,
    overrides: options.thresholds ?? {},
    clock,
    begin: clock.monotonic(),
    budgetMs,
    opening: { url, connectTimeoutMs, statementTimeoutMs: budgetMs, schemas: options.schemas, clock },
    examination: undefined,
    expected: undefined,
    lost: undefined,
  };
}

/**
 * The quick ones first, so that a slow one costs none of them its turn; last those that look at more the more time they get,
 * which share what the others leave.
 */
async function runEntries(run: Run): Promise<EntryReport[]> {
  const ordered = run.chosen.toSorted((a, b) => turnOf(a) - turnOf(b) || a.number - b.number);
  const reports: EntryReport[] = [];
  for (const [index, entry] of ordered.entries()) {
    reports.push(await runNext(run, entry, ordered.length - index));
  }
  return reports;
}

function turnOf({ quick, elastic }: HealthEntry): number {
  if (quick) return 0;
  return elastic === true ? 2 : 1;
}

async function runNext(run: Run, entry: HealthEntry, waiting: number): Promise<EntryReport> {
  const limits = thresholdsOf(entry, run.overrides);
  const { examination } = run;
  if (run.lost !== undefined || examination === undefined) {
    return skippedEntry(entry, limits, `the connection was lost: ${run.lost}`);
  }
  if (run.options.signal?.aborted === true) return skippedEntry(entry, limits, 'the examination was stopped');
  const left = run.budgetMs - (run.clock.monotonic() - run.begin);
  if (left <= 0) return lateEntry(entry, limits, usedUp(run));
  const share = shareOf(run, entry, left, waiting);
  const report = await runEntry(entry, contextOf(run, examination, share), limits);
  if (report.level === 'skipped') await replaceBroken(run, examination);
  return report;
}

function shareOf({ options }: Run, { quick, elastic }: HealthEntry, left: number, waiting: number): number {
  if (quick) return Math.min(QUICK_MS, left);
  if (options.full === true) return left;
  return Math.max(LEAST_MS, left / (elastic === true ? waiting : Math.min(waiting, SHARES)));
}

function usedUp({ budgetMs }: Run): string {
  return `the time for everything, ${budgetMs / 1_000} s, was used up before its turn; give more with --budget, or choose with --only`;
}

function contextOf(run: Run, examination: Examination, budgetMs: number): HealthContext {
  const { connection, facts, catalog } = examination;
  return {
    ...run.options.sources,
    ...(run.expected === undefined ? {} : { expected: run.expected }),
    db: connection,
    clock: run.clock,
    server: facts,
    databaseUrl: run.options.url,
    budgetMs,
    catalog,
  };
}

/** An entry may lose the connection (its session was ended, the server restarted): the next one gets a new one. */
async function replaceBroken(run: Run, { connection }: Examination): Promise<void> {
  if (await answers(connection)) return;
  await connection.close();
  try {
    run.examination = await openExamination(run.opening);
  } catch (error) {
    run.lost = reasonOf(error);
  }
}

async function answers(db: Queryable): Promise<boolean> {
  return db.one(sql`select 1 as alive`).then(
    () => true,
    () => false,
  );
}

/** That nothing answers is what connectivity is about; that all connections are taken is about them. */
function unreached(run: Run, entry: HealthEntry, error: unknown): EntryReport {
  const limits = thresholdsOf(entry, run.overrides);
  const full = sqlState(error) === TOO_MANY_CONNECTIONS;
  const about = entry.id === 'round-trip' || (full && entry.id === 'connections');
  if (!about) return skippedEntry(entry, limits, 'the database cannot be reached');
  const remedy = full
    ? '-- look at who holds them as a superuser, for whom some are reserved\nselect usename, application_name, state, count(*) from pg_stat_activity group by 1, 2, 3 order by 4 desc;'
    : '-- names the cause; with the same --database-url where one was given\nholdfast doctor';
  return entryReport(entry, limits, { level: 'critical', summary: reasonOf(error), remedy }, 0);
}

function reasonOf(error: unknown): string {
  const message = errorMessage(isHoldfastError(error) && error.cause !== undefined ? error.cause : error);
  return redactText(message);
}

async function finish(
  run: Run,
  reports: readonly EntryReport[],
  connection: HealthReport['connection'],
): Promise<HealthReport> {
  const { examination, clock, options } = run;
  const trends = findTrends(options.sources?.samples ?? []);
  const entries = reports.map(one => withPrediction(one, trends)).sort((a, b) => a.number - b.number);
  const overview =
    options.overview === true && examination !== undefined && connection.ok
      ? {
          tables: await readTableOverview(examination.connection, examination.facts),
          slowQueries: await readSlowQueries(examination.connection, examination.facts),
        }
      : {};
  return {
    overall_status: connection.ok ? overallStatus(entries.map(({ level }) => level)) : 'critical',
    at: new Date(clock.now()).toISOString(),
    durationMs: Math.round(clock.monotonic() - run.begin),
    connection,
    server: examination?.server ?? null,
    counts: countLevels(entries),
    entries,
    ...overview,
    trends,
  };
}
