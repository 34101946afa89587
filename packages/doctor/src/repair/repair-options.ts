import type { Clock } from '@holdfast/core';
import type { BackupFacts } from '@holdfast/database/health';
import type { TableRestoreOptions } from '@holdfast/database/restore/tables';
import type { OtherTarget } from '../config/other-target.ts';
import type { Diagnosis } from '../diagnosis.ts';
import type { RepairRecord } from '../report/deliverables/repair-record.ts';
import type { Target } from '../target.ts';

/** A backup that lives beside for as long as rows are read out of it. */
export interface OpenBackup {
  /** The database of that name in it, as a role that may read everything. */
  urlOf(database: string): string;
  /** What is kept in the ledger of where the rows came from. */
  readonly label: string;
  /** What else has to be true before others see the rows. */
  readonly beforeCommit?: TableRestoreOptions['beforeCommit'];
  discard(): Promise<void>;
}

/** What a repair needs from whoever runs it. What is not given, is not in its hands. */
export interface RepairTools {
  /** Takes a backup and resolves to its id. */
  readonly backup?: () => Promise<string>;
  /** Why there is no `backup`, as a clause. */
  readonly whyNoBackup?: string;
  /** What rows can come back from, newest first, with every table. */
  readonly backups?: () => Promise<readonly BackupFacts[]>;
  /** Those from before a repair, newest first, which `backups` leaves out. */
  readonly passedOver?: () => Promise<readonly BackupFacts[]>;
  /** Removes the backups that killed runs have left open. */
  readonly removeLeftovers?: () => Promise<void>;
  /** The latest moment (ISO 8601) that archived WAL leads to from a backup; undefined when none continues it. */
  readonly reachOf?: (backup: string) => Promise<string | undefined>;
  readonly openBackup?: (id: string) => Promise<OpenBackup>;
  /** Starts the API server of this machine as it was started before; resolves when it listens. */
  readonly startServer?: () => Promise<void>;
  /** Starts the embedded PostgreSQL and leaves it running. */
  readonly startDatabase?: () => Promise<void>;
  /** Records that the database was put back to a time, with the revocation journal. @returns what it did */
  readonly recordRestore?: (restoredTo: Date) => Promise<string>;
  /** Of the program, for the ledger of migrations. */
  readonly version?: string;
}

export interface RepairOptions {
  /** `plan`: shows what would be done, and changes nothing. */
  readonly mode: 'plan' | 'apply';
  /** Holds the journal, in its directory `repairs`. */
  readonly stateDirectory: string;
  readonly tools: RepairTools;
  /** Whether a repair may be done. Asked for each whose risk is not `safe`. */
  readonly consent: (planned: RepairRecord) => Promise<boolean>;
  /** Goes on without a backup where none can be taken. Default false. */
  readonly withoutBackup?: boolean;
  /** The target as it is now: after a part was started again its address may be another one. */
  readonly resolve?: () => Promise<Target | OtherTarget>;
  readonly onProgress?: (what: string) => void;
  /** Ends the run between two steps; what was begun is finished or undone by the next one. */
  readonly signal?: AbortSignal;
  /** Milliseconds for each examination; the default is that of `examine`. */
  readonly timeoutMs?: number | undefined;
  readonly clock?: Clock;
}

/** A cause that is left to a person. */
export interface LeftCause {
  readonly code: string;
  readonly layer: string;
  readonly subject: string;
  readonly why: string;
  /** What to do about it, with the exact commands. */
  readonly steps: readonly string[];
}

/**
 * green: nothing is broken (any more). planned: only shown. not_green: something is left, see `repairs` and `left`. Its JSON form is
 * described by REPAIR_SCHEMA.
 */
export interface RepairReport {
  readonly schemaVersion: 1;
  readonly mode: 'plan' | 'apply';
  readonly status: 'green' | 'not_green' | 'planned';
  /** The whole in one sentence. */
  readonly headline: string;
  /** The backup that was taken before; null when none was. */
  readonly backup: string | null;
  /** Repairs of an earlier run that was cut off, finished or taken back by this one. */
  readonly resumed: readonly RepairRecord[];
  readonly repairs: readonly RepairRecord[];
  readonly left: readonly LeftCause[];
  /** Of a plan: what it needs that is not there yet, each as a clause. Empty after a run. */
  readonly missing: readonly string[];
  /** Where the run is kept; null when nothing was begun. */
  readonly journal: string | null;
  /** As it is after everything. */
  readonly diagnosis: Diagnosis;
}
