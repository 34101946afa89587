import type { HomeLock } from './home-lock.ts';

/** How to start the embedded PostgreSQL of one state directory. */
export interface StartClusterOptions {
  /** The state directory; made when it is missing. */
  readonly home: string;
  /** 0 or none: the port of the last time, or another free one when that is taken. A number: that port or an error. */
  readonly port?: number;
  /** The system user that runs PostgreSQL when this process is root's. Default: postgres, else nobody. */
  readonly systemUser?: string | undefined;
  /** Where root puts what that user cannot reach elsewhere. Default /var/lib/holdfast. */
  readonly sharedDir?: string | undefined;
  /** The lock from `lockHome`, for a caller that holds the state directory longer than PostgreSQL runs. */
  readonly lock?: HomeLock;
  readonly onProgress?: (step: string) => void;
  /** postgresql.conf settings beside or instead of ours, for this start only. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** How a process ended; both null when it was not our child and nobody could see. */
export interface ExitStatus {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running embedded PostgreSQL. It outlives this process unless it is stopped. */
export interface Cluster extends ClusterState {
  readonly pid: number;
  /** True when it was running already. */
  readonly adopted: boolean;
  /** Resolves when PostgreSQL has ended, however that came about. Never rejects; does not keep this process alive. */
  readonly exited: Promise<ExitStatus>;
  /**
   * Stops PostgreSQL and gives the state directory free. `fast` (the default) ends the sessions and writes a checkpoint,
   * and turns into `immediate` when that takes too long; after `immediate` the next start recovers from the WAL.
   */
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
  /** Gives the state directory free and leaves PostgreSQL running, for the next start to adopt. */
  detach(): Promise<void>;
}

/** Where the embedded PostgreSQL of a state directory is and how to connect, running or not. */
export interface ClusterState {
  readonly dataDir: string;
  readonly port: number;
  /** The system user it runs as; undefined for the one who started it. */
  readonly systemUser: string | undefined;
  /** As `postgres`, database `postgres`. */
  readonly superuserUrl: string;
  /** As `holdfast_owner`, who owns the database `holdfast` and its tables. */
  readonly ownerUrl: string;
  /** As `holdfast_app`, who reads and writes rows. */
  readonly appUrl: string;
}

export type ClusterInspection =
  | { readonly state: 'absent' | 'stopped' }
  | { readonly state: 'running' | 'stale-pid'; readonly pid: number };
