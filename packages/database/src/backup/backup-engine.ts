import type { MaterializedBackup, RecoveryTarget } from '../restore/materialized-backup.ts';
import type { BackupRepository, BackupWriter, StoredBackup } from './backup-repository.ts';
import type { BackupEngineName, BackupManifest, BackupProblem, Compression } from './manifest.ts';
import type { WalArchive } from './wal-archive.ts';

export interface BackupProgress {
  readonly step: string;
  readonly doneBytes?: number;
  /** An estimate. */
  readonly totalBytes?: number;
}

/** What engines have in common, chosen by the caller. */
export interface BackupRequest {
  /** As a role that may replicate (physical) or read everything (logical). */
  readonly url: string;
  /** Null: every database of the cluster (physical), the one of the URL (logical). */
  readonly databases: readonly string[] | null;
  readonly jobs: number;
  /** Of what the engine compresses itself; the repository compresses the rest. */
  readonly compression: Compression;
  /** What needs no unpacking: a data directory (physical), one SQL script (logical). */
  readonly plain: boolean;
  /** For people; kept in the manifest. */
  readonly label: string | undefined;
  readonly toolVersion: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: BackupProgress) => void;
}

/** What an engine knows of the backup it made; the repository adds the rest. */
export type TakenBackup = Omit<BackupManifest, 'files' | 'sha256'>;

/** One way to make backups and to bring them back. */
export interface BackupEngine {
  readonly name: BackupEngineName;
  /** Writes the files of a backup and resolves to its description. Removes what it made on the server (slots, backup mode) whatever happens. */
  take(request: BackupRequest, writer: BackupWriter): Promise<TakenBackup>;
  /** Reads every byte as a restore would, without restoring. */
  decode(repository: BackupRepository, backup: StoredBackup): Promise<readonly BackupProblem[]>;
  /** Brings it to life beside. Throws `restore_failed` and leaves nothing running. */
  materialize(options: MaterializeOptions): Promise<MaterializedBackup>;
}

export interface MaterializeOptions {
  readonly repository: BackupRepository;
  readonly backup: StoredBackup;
  /** WAL beyond the backup's own; needed for every target but `backup`. */
  readonly archive: WalArchive | undefined;
  readonly target: RecoveryTarget;
  /** Made by the callee, removed by `discard`. PostgreSQL's user must be able to enter what is above it. */
  readonly directory: string;
  /** `drill`: fast and unsafe, read only where possible. `takeover`: durable, synced, ready to be the database. */
  readonly purpose: 'drill' | 'takeover';
  /** The system user that runs PostgreSQL when this process is root's; see StartClusterOptions. */
  readonly systemUser: string | undefined;
  readonly sharedDir: string | undefined;
  readonly jobs: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: BackupProgress) => void;
}
