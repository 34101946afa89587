import { type Clock, errorMessage, isHoldfastError } from '@holdfast/core';
import { type Queryable, sql, sqlState } from '@holdfast/postgres';
import { boundedQueryable } from './bounded-queryable.ts';
import type { HealthContext, HealthEntry, HealthReading, Thresholds } from './entry.ts';
import { monitorGrant } from './judge.ts';
import { secondsText } from './quantity.ts';
import type { EntryReport } from './report.ts';

const INSUFFICIENT_PRIVILEGE = '42501';
const LOCK_NOT_AVAILABLE = '55P03';

/** Runs one entry within `context.budgetMs`. Never rejects: what goes wrong is a `skipped` with the reason. */
export async function runEntry(
  entry: HealthEntry,
  context: HealthContext,
  thresholds: Thresholds,
): Promise<EntryReport> {
  const { clock, budgetMs } = context;
  const begin = clock.monotonic();
  const isOver = (): boolean => clock.monotonic() - begin > budgetMs;
  let reading: HealthReading;
  try {
    await limitStatements(context.db, budgetMs);
    reading = await entry.check({ ...context, db: boundedQueryable(context.db, isOver) }, thresholds);
  } catch (error) {
    const isLate = isHoldfastError(error, 'database_timeout') && sqlState(error) !== LOCK_NOT_AVAILABLE;
    const late = isLate ? { outOfTime: true as const } : {};
    reading = { level: 'skipped', why: whyFailed(error, context), ...late };
  }
  return entryReport(entry, thresholds, reading, durationSince(begin, clock));
}

/** The report of an entry that was not run. */
export function skippedEntry(entry: HealthEntry, thresholds: Thresholds, why: string): EntryReport {
  return entryReport(entry, thresholds, { level: 'skipped', why }, 0);
}

/** The report of an entry for which there was no time left. */
export function lateEntry(entry: HealthEntry, thresholds: Thresholds, why: string): EntryReport {
  return entryReport(entry, thresholds, { level: 'skipped', why, outOfTime: true }, 0);
}

/** A reading together with what the catalogue says about its entry. */
export function entryReport(
  { number, id, area, title, meaning }: HealthEntry,
  thresholds: Thresholds,
  reading: HealthReading,
  durationMs: number,
): EntryReport {
  const about = { number, id, area, title, meaning, thresholds, durationMs };
  if (reading.level === 'skipped') {
    return {
      ...about,
      level: 'skipped',
      summary: reading.why,
      ...(reading.outOfTime === true ? { outOfTime: true as const } : {}),
      evidence: [],
      more: 0,
      remedy: null,
      metrics: {},
    };
  }
  const { level, summary, evidence = [], more = 0, remedy, metrics = {} } = reading;
  return { ...about, level, summary, evidence, more, remedy: remedy ?? null, metrics };
}

async function limitStatements(db: Queryable, budgetMs: number): Promise<void> {
  const limit = String(Math.max(1, Math.ceil(budgetMs)));
  await db.one(sql`select pg_catalog.set_config('statement_timeout', ${limit}, false) as set`);
}

function whyFailed(error: unknown, context: HealthContext): string {
  const message = errorMessage(error);
  const state = sqlState(error);
  if (state === INSUFFICIENT_PRIVILEGE) return `${message}; try: ${monitorGrant(context)}`;
  if (state === LOCK_NOT_AVAILABLE) {
    return 'another session holds a lock that keeps readers out (see blocked-sessions); try again when it is gone';
  }
  if (isHoldfastError(error, 'database_timeout')) {
    return `it took longer than its share of the time, ${secondsText(context.budgetMs / 1_000)}; give it more with --budget`;
  }
  return message;
}

function durationSince(begin: number, clock: Clock): number {
  return Math.round((clock.monotonic() - begin) * 10) / 10;
}
