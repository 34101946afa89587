import type { Clock } from '@holdfast/core';
import type { ExitStatus } from './cluster.ts';

/** A PostgreSQL on a data directory that is not (yet) the embedded one of a state directory: for drills and restores. */
export interface ScratchCluster {
  readonly dataDir: string;
  readonly port: number;
  readonly pid: number;
  /** As the first superuser, database `postgres`. The password is new and known to this process alone, unless one was asked for. */
  readonly superuserUrl: string;
  /** Resolves when it has ended, however that came about. */
  readonly exited: Promise<ExitStatus>;
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
}

/** Where a scratch cluster is and who runs it. */
export interface ScratchPlace {
  readonly dataDir: string;
  /** The system user that runs PostgreSQL when this process is root's; see StartClusterOptions. */
  readonly systemUser: string | undefined;
  readonly sharedDir: string | undefined;
  /** A directory with the programs of PostgreSQL, looked into before the usual places. */
  readonly binDir?: string | undefined;
}

export interface ScratchClusterOptions extends ScratchPlace {
  /** Settings of this run; recovery settings among them. */
  readonly settings: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** The password that the superuser gets. Default: a random one. */
  readonly password?: string | undefined;
  /** No limit on recovery itself; it is followed through `onProgress`. */
  readonly signal: AbortSignal;
  readonly onProgress: (step: string) => void;
  readonly clock?: Clock;
}
