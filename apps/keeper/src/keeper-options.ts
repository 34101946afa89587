import type { AdministratorResult } from '@holdfast/auth/accounts';
import type { Clock, ParsedSettings } from '@holdfast/core';
import type { BackupPlan } from './backups/backup-plan.ts';
import type { SystemStatus } from './status.ts';
import type { Launcher } from './supervision/launcher.ts';
import { DEFAULT_LIVENESS, type LivenessOptions } from './supervision/liveness.ts';
import { DEFAULT_RESTART_POLICY, type RestartPolicyOptions } from './supervision/restart-policy.ts';

/** What a keeper looks after: everything on this machine, or only what others started. */
export type KeeperMode =
  | {
      readonly kind: 'full';
      readonly launcher: Launcher;
      /** Settings for the server, as environment variables; those that the keeper decides itself are replaced. */
      readonly variables: Readonly<Record<string, string>>;
      /** Whether to bring the schema up to date. */
      readonly migrate: boolean;
    }
  | { readonly kind: 'alone' };

/** Pace and patience. Times in milliseconds. */
export interface KeeperTuning {
  readonly restart: RestartPolicyOptions;
  readonly liveness: LivenessOptions;
  readonly serverStartTimeoutMs: number;
  /** How long a forwarded request may stay unanswered while the server gives no sign of life. */
  readonly patienceMs: number;
  readonly databaseProbeMs: number;
  readonly sampleMs: number;
  /** How long a start waits for a keeper that is stopping, and for an orphaned server to end. */
  readonly takeOverMs: number;
  /** postgresql.conf settings for the embedded PostgreSQL. */
  readonly postgres: Readonly<Record<string, string>>;
}

export const DEFAULT_TUNING: KeeperTuning = {
  restart: DEFAULT_RESTART_POLICY,
  liveness: DEFAULT_LIVENESS,
  serverStartTimeoutMs: 30_000,
  patienceMs: 2_500,
  databaseProbeMs: 2_000,
  sampleMs: 10_000,
  takeOverMs: 15_000,
  postgres: {},
};

export interface KeeperOptions {
  /** Without problems: whoever starts a keeper has checked it. */
  readonly configuration: ParsedSettings;
  /** The state directory, absolute. */
  readonly home: string;
  readonly mode: KeeperMode;
  readonly version: string;
  /** Without one, nothing is backed up here. */
  readonly backups?: BackupPlan;
  readonly clock?: Clock;
  /** Told what happens, in sentences for people. `trouble` is what needs their attention. */
  readonly onProgress?: (message: string, kind: 'step' | 'trouble') => void;
  readonly tuning?: Partial<KeeperTuning>;
}

/** What `holdfast start` tells when everything serves. */
export interface Readiness {
  readonly url: string;
  /** The API server itself, without the keeper in between. */
  readonly apiUrl: string;
  /** As the role of the API, with its password. */
  readonly databaseUrl: string;
  readonly home: string;
  readonly admin: Pick<AdministratorResult, 'email' | 'password'>;
  readonly pids: {
    readonly keeper: number;
    readonly server: number | null;
    readonly postgres: number | null;
  };
}

export interface RunningKeeper {
  readonly url: string;
  /**
   * Resolves when everything serves for the first time. Rejects when it never will: the database cannot be prepared, or a
   * part of a new state directory cannot be started. Trouble that may pass is waited for.
   */
  readonly ready: Promise<Readiness>;
  status(): SystemStatus;
  /** Logs an error that nobody expected; the keeper goes on, since what it supervises does not depend on it. */
  report(error: unknown): void;
  /** Stops the server, then PostgreSQL, then itself. Nothing is left behind. May be called again with a signal to hurry. */
  stop(hurry?: AbortSignal): Promise<void>;
}
