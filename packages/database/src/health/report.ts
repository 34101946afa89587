import type { Evidence, HealthArea, Thresholds } from './entry.ts';
import type { SlowQueries } from './slow-queries.ts';
import type { TableOverview } from './table-overview.ts';
import type { Trend } from './trends.ts';

export type EntryLevel = 'ok' | 'warn' | 'critical' | 'skipped';

/** What one entry said, with all that is needed to understand it. */
export interface EntryReport {
  readonly number: number;
  readonly id: string;
  readonly area: HealthArea;
  readonly title: string;
  readonly level: EntryLevel;
  /** One line; for `skipped` the reason. */
  readonly summary: string;
  /** Of `skipped`: with more time it would have been examined. */
  readonly outOfTime?: true;
  /** The worst first, at most twenty. */
  readonly evidence: readonly Evidence[];
  /** How many more there are than `evidence` shows. */
  readonly more: number;
  readonly meaning: string;
  /** Null where there is nothing to do. */
  readonly remedy: string | null;
  /** The limits that were used. */
  readonly thresholds: Thresholds;
  readonly durationMs: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** The server that was examined. */
export interface ExaminedServer {
  /** Such as `18.4`. */
  readonly version: string;
  readonly database: string;
  readonly user: string;
  readonly inRecovery: boolean;
  /** False when the role cannot see what other roles do; then `grant pg_monitor` shows more. */
  readonly readsStatistics: boolean;
}

/** The outcome of one examination. Times are ISO 8601, durations milliseconds. */
export interface HealthReport {
  /** The worst level of all entries; `unknown` when every one was skipped. */
  readonly overall_status: 'ok' | 'warn' | 'critical' | 'unknown';
  readonly at: string;
  readonly durationMs: number;
  readonly connection:
    | { readonly ok: true; readonly connectMs: number }
    | { readonly ok: false; readonly reason: string };
  /** Null when it could not be reached. */
  readonly server: ExaminedServer | null;
  readonly counts: Readonly<Record<EntryLevel, number>>;
  /** By number. */
  readonly entries: readonly EntryReport[];
  /** The largest tables; only when they were asked for. */
  readonly tables?: TableOverview;
  /** The queries that took most time; only when they were asked for. */
  readonly slowQueries?: SlowQueries;
  /** Where the stored samples lead; empty without enough of them. */
  readonly trends: readonly Trend[];
}

/** The worst level; `unknown` when nothing was examined. */
export function overallStatus(levels: readonly EntryLevel[]): HealthReport['overall_status'] {
  const order = ['critical', 'warn', 'ok'] as const;
  return order.find(level => levels.includes(level)) ?? 'unknown';
}

export function countLevels(entries: readonly EntryReport[]): Record<EntryLevel, number> {
  const counts = { ok: 0, warn: 0, critical: 0, skipped: 0 };
  for (const { level } of entries) counts[level] += 1;
  return counts;
}
