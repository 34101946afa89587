import type { HealthReport } from '@holdfast/database/health';
import type { DependencyAudit } from '../../dependencies/index.ts';
import type { LogAnalysis } from '../../logs/index.ts';
import type { LatencyReading } from '../measure-latency.ts';

/** Something that was read for a report, or why it could not be. */
export type Reading<T> = { readonly read: T } | { readonly missing: string };

/** One entry of the keeper's journal. Times are ISO 8601. */
export interface KeptIncident {
  readonly part: string;
  readonly kind: string;
  readonly reason: string;
  readonly startedAt: string;
  /** Null while it is open. */
  readonly recoveredAt: string | null;
  readonly actions: readonly string[];
}

export interface AppliedMigration {
  readonly name: string;
  readonly appliedAt: string;
  readonly durationMs: number | null;
  readonly appliedBy: string;
}

export interface KnownBackup {
  readonly id: string;
  readonly createdAt: string;
  readonly bytes: number;
  /** How far it was validated, and when; null when never. */
  readonly validation: { readonly level: 'files' | 'decode' | 'drill'; readonly at: string } | null;
}

/** A scheduled backup or drill that ended. */
export interface BackupRun {
  readonly kind: 'backup' | 'drill';
  readonly at: string;
  readonly outcome: 'done' | 'failed';
  readonly backup: string | null;
  readonly reason: string | null;
}

/** What a report needs beyond the diagnosis, read at the time of the report. */
export interface Readings {
  readonly health: Reading<HealthReport>;
  readonly logs: Reading<LogAnalysis>;
  readonly latency: Reading<LatencyReading>;
  readonly incidents: Reading<readonly KeptIncident[]>;
  readonly migrations: Reading<readonly AppliedMigration[]>;
  readonly backups: Reading<readonly KnownBackup[]>;
  readonly backupRuns: Reading<readonly BackupRun[]>;
  readonly dependencies: Reading<DependencyAudit>;
}

/** What was read; undefined when it could not be. */
export function readOf<T>(reading: Reading<T>): T | undefined {
  return 'read' in reading ? reading.read : undefined;
}
