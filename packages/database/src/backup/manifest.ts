import type { Catalog } from '@holdfast/postgres';

/** Which program made a backup, and so what can be done with it. */
export type BackupEngineName = 'physical' | 'logical' | 'pgbackrest';
export type Compression = 'zstd' | 'gzip' | 'none';

/**
 * The description of one backup, in `manifest.json`: written last and atomically, so that without it there is no backup.
 * Never changed afterwards; what became known later is in the validations beside it.
 */
export interface BackupManifest {
  readonly manifest: 'holdfast-backup';
  readonly version: 1;
  /** Sorts by time: `20261121T133045Z-physical-k3f9`. */
  readonly id: string;
  readonly engine: BackupEngineName;
  /** What somebody called it. */
  readonly label?: string;
  /** ISO 8601, the moment the backup is of: its consistent point on the database's clock. */
  readonly createdAt: string;
  readonly durationMs: number;
  readonly tool: { readonly name: 'holdfast'; readonly version: string };
  readonly server: ServerIdentity;
  readonly compression: Compression;
  readonly encryption: { readonly scheme: 'age'; readonly recipients: readonly string[] } | null;
  readonly point: BackupPoint;
  readonly files: readonly BackupFile[];
  /** Null, with the reason, for an engine that cannot take a snapshot of its own. */
  readonly databases: readonly DatabaseContent[];
  readonly contentMissing: string | null;
  /** SHA-256 of the canonical JSON of everything above, hex; what an edited manifest fails. */
  readonly sha256: string;
  /** Null when it was written without a key. Not part of what `sha256` is over. */
  readonly seal?: ManifestSeal | null;
}

/** What only somebody with the key can write; see docs/backups.md for what it proves. */
export interface ManifestSeal {
  /** Tells keys apart: the first 16 hexadecimal digits of a hash of the key. */
  readonly keyId: string;
  /** HMAC-SHA-256 over the manifest's canonical JSON without `sha256` and `seal`, hex. */
  readonly hmac: string;
}

export interface ServerIdentity {
  /** As `server_version_num`: 180004. */
  readonly versionNumber: number;
  /** Decimal text: it does not fit a JSON number. Null when the role may not read it. */
  readonly systemIdentifier: string | null;
  /** Host, port, database and user; never a password. */
  readonly url: string;
}

/** The point that a backup is of. Times are ISO 8601, positions as PostgreSQL writes them (`0/16B3748`). */
export type BackupPoint =
  | {
      readonly kind: 'physical';
      readonly timeline: number;
      readonly startLsn: string;
      /** Where recovery may end at the earliest (the end of the base backup). */
      readonly stopLsn: string;
      /** Recovery that stops just before it gives exactly what `databases` describes; null when no snapshot could be tied to one. */
      readonly consistentLsn: string | null;
      readonly snapshotAt: string;
    }
  | { readonly kind: 'logical'; readonly snapshotAt: string; readonly lsn: string | null };

/** One file of a backup. Hash and size are of what is stored, that is after compression and encryption. */
export interface BackupFile {
  /** Relative to the backup, with `/`. */
  readonly path: string;
  readonly bytes: number;
  /** Before compression and encryption; null when the engine compresses itself. */
  readonly originalBytes: number | null;
  readonly sha256: string;
}

/** What one database held in the snapshot of the backup. */
export interface DatabaseContent {
  readonly name: string;
  readonly encoding: string;
  readonly owner: string;
  readonly bytes: number;
  readonly extensions: readonly {
    readonly name: string;
    readonly version: string;
    readonly schema: string;
  }[];
  readonly tables: readonly TableContent[];
  readonly sequences: readonly {
    readonly schema: string;
    readonly name: string;
    readonly lastValue: string | null;
    readonly isCalled: boolean;
  }[];
  /** Applied migrations of Holdfast's ledger, null without one. */
  readonly migrations:
    | readonly { readonly version: string; readonly name: string; readonly checksum: string }[]
    | null;
  /** What `holdfast drift --save` writes. */
  readonly catalog: Catalog;
}

export interface TableContent {
  readonly schema: string;
  readonly name: string;
  /** SHA-256 over names and types of the columns in their order, hex. */
  readonly columnsHash: string;
  readonly rows: number;
  /** Order-independent sum over the rows' hashes, decimal text; null when the rows could not be read (the reason is in `unread`). */
  readonly checksum: string | null;
  readonly unread?: string;
}

export type ValidationLevel = 'files' | 'decode' | 'drill';

/** One validation of a backup at one destination; kept beside the manifest, one file each, and never changed. */
export interface BackupValidation {
  readonly level: ValidationLevel;
  readonly at: string;
  readonly durationMs: number;
  readonly destination: string;
  readonly result: 'valid' | 'damaged';
  /** Empty when valid. */
  readonly problems: readonly BackupProblem[];
}

export interface BackupProblem {
  /** Stable: `missing_file`, `wrong_size`, `wrong_hash`, `manifest_edited`, `does_not_decode`, `does_not_start`, `corrupt_index`, `orphans`, `wrong_row_count`, `wrong_checksum`, `schema_differs`, … */
  readonly code: string;
  /** File, table or index. */
  readonly subject: string;
  readonly message: string;
}
