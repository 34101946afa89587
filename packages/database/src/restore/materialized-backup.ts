import type { ExitStatus } from '@holdfast/postgres/cluster';
import type { BackupManifest } from '../backup/manifest.ts';

/** Up to where recovery goes. `backup`: exactly what the manifest describes. */
export type RecoveryTarget =
  | { readonly kind: 'backup' }
  | { readonly kind: 'latest' }
  | { readonly kind: 'time'; readonly at: Date }
  /** `inclusive: false` stops just before it. */
  | { readonly kind: 'lsn'; readonly lsn: string; readonly inclusive: boolean }
  | { readonly kind: 'transaction'; readonly xid: string; readonly inclusive: boolean };

/**
 * A backup brought back to life beside the system it is of: a PostgreSQL of its own, on loopback, with nobody else in it.
 * What drill, restore, single tables and preview work on.
 */
export interface MaterializedBackup {
  readonly manifest: BackupManifest;
  readonly target: RecoveryTarget;
  /** Where recovery really ended, and the timeline that begins there; null for a logical backup. */
  readonly reached: {
    readonly lsn: string;
    readonly timeline: number;
    readonly lastCommitAt: string | null;
  } | null;
  /** As superuser; the database in it is replaced by `urlOf`. */
  readonly superuserUrl: string;
  urlOf(database: string): string;
  /** The data directory, for a physical backup that is to take over. */
  readonly dataDir: string;
  /** Resolves when its PostgreSQL has ended, however that came about. */
  readonly exited: Promise<ExitStatus>;
  /** Stops it in order and keeps the directory. */
  stop(): Promise<void>;
  /** Stops it and removes everything. Safe to repeat. */
  discard(): Promise<void>;
}
