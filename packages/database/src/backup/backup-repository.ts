import type { Readable } from 'node:stream';
import type { BackupFile, BackupManifest, BackupValidation } from './manifest.ts';

/**
 * A place where bytes are kept by name: a directory or an S3-compatible bucket. All names are relative, with `/`.
 * Every operation may be repeated. A failed one throws `backup_destination_failed` and leaves no half file visible.
 */
export interface Destination {
  /** As configured, without credentials: `/var/backups/holdfast`, `s3://bucket/prefix`. */
  readonly name: string;
  /**
   * Writes whole or not at all, durably; replaces what was there. Resolves to the number of bytes. The source may use the memory
   * of a piece again once the next one is asked for.
   */
  write(name: string, data: AsyncIterable<Uint8Array>): Promise<number>;
  /** Throws `not_found`. */
  read(name: string): Promise<Readable>;
  /** Size in bytes, undefined when there is none. */
  size(name: string): Promise<number | undefined>;
  /** Names and sizes of everything whose name begins with this text (`wal/7432/`, or empty for all), sorted by name. */
  list(prefix: string): Promise<readonly { readonly name: string; readonly bytes: number }[]>;
  remove(name: string): Promise<void>;
  /** A local directory where programs can be pointed at; undefined for a remote one. */
  readonly directory: string | undefined;
  /** Removes what killed writes below a prefix left behind and `list` does not show, if it is older than a moment. Resolves to how many. */
  sweep(prefix: string, before: Date): Promise<number>;
}

/**
 * Whether a manifest is as it was written by somebody with the seal key. `unchecked`: there was no key to check with.
 * An altered one is never listed: it is a {@link BrokenBackup}.
 */
export type SealState = 'valid' | 'unchecked' | 'missing' | 'other_key';

/** One backup as a destination has it. */
export interface StoredBackup {
  readonly manifest: BackupManifest;
  /** Oldest first. */
  readonly validations: readonly BackupValidation[];
  /** Of everything that is stored of it, the manifest included. */
  readonly bytes: number;
  readonly seal: SealState;
}

/** What was found of a backup that is not one: without manifest, or with one that cannot be read. */
export interface BrokenBackup {
  readonly id: string;
  readonly problem: string;
  /** Whether nobody finishes it any more and nothing is lost with it: a backup or a removal that was killed. */
  readonly leftover: boolean;
  /** Whether somebody is writing or removing it at this moment. */
  readonly inWork: boolean;
  readonly bytes: number;
}

/** The backups at one destination. Layout: `<id>/<file>`, `<id>/validations/<time>-<level>.json`, `<id>/manifest.json`, and `wal/…` of the archive. */
export interface BackupRepository {
  readonly destination: Destination;
  /** Whether an identity was given that decrypts, or should. */
  readonly hasIdentity: boolean;
  /** Newest first. */
  list(): Promise<{ readonly backups: readonly StoredBackup[]; readonly broken: readonly BrokenBackup[] }>;
  /** By id, by a unique beginning of it, or `latest`. Throws `backup_unknown`, and `backup_not_found` when there is none at all. */
  find(id: string): Promise<StoredBackup>;
  /**
   * Copies a backup as it is stored at another destination, every byte checked on its way; listed here when all of it is
   * there. Throws `backup_damaged` when the source is, and leaves nothing.
   */
  copyFrom(source: BackupRepository, backup: Pick<StoredBackup, 'manifest'>): Promise<void>;
  /** Begins a backup; nothing of it is listed before `commit`. */
  begin(id: string): Promise<BackupWriter>;
  /** The content of one file, named as stored or without the endings of compression and encryption; decrypted and decompressed when asked for. Its hash is checked while it is read: the stream fails with `backup_damaged` at the end when it differs. */
  open(backup: Pick<StoredBackup, 'manifest'>, path: string, form: 'stored' | 'original'): Promise<Readable>;
  /** Removes what killed backups and removals have left for certain. Resolves to their ids. */
  removeLeftovers(): Promise<readonly string[]>;
  recordValidation(id: string, validation: BackupValidation): Promise<void>;
  /** Removes the manifest first, so that an interrupted removal leaves no listed backup. */
  remove(id: string): Promise<void>;
}

/** Writes the files of one backup; compression and encryption are its business. */
export interface BackupWriter {
  readonly id: string;
  /**
   * Stores under `path`, plus the endings of compression and encryption. With the form `stored` the data is compressed
   * already or shall not be; it is encrypted all the same. May be called for several files at once. The source may use the
   * memory of a piece again once the next one is asked for.
   */
  write(path: string, data: AsyncIterable<Uint8Array>, form?: 'stored' | 'original'): Promise<BackupFile>;
  /**
   * Adds the file list, the hash and the seal, writes the manifest, and so makes the backup exist. `encryption` is filled
   * in from what was done, and so is `compression` when a file was written with the form `original`.
   */
  commit(manifest: Omit<BackupManifest, 'files' | 'sha256'>): Promise<BackupManifest>;
  /** Removes what was written. */
  abandon(): Promise<void>;
}
