/** A log sequence number, as PostgreSQL writes it: `16/B374D848`. */
export type Lsn = string;

/** A connection in replication mode (manual, chapter "Streaming Replication Protocol"). One command at a time. */
export interface ReplicationSession {
  readonly majorVersion: number;
  identifySystem(): Promise<{
    readonly systemIdentifier: string;
    readonly timeline: number;
    readonly xlogpos: Lsn;
    readonly database: string | null;
  }>;
  timelineHistory(timeline: number): Promise<{ readonly fileName: string; readonly content: Buffer }>;
  show(setting: string): Promise<string>;
  createPhysicalSlot(
    name: string,
    options: { readonly temporary: boolean; readonly reserveWal: boolean },
  ): Promise<void>;
  /** Undefined when there is none. */
  readSlot(
    name: string,
  ): Promise<{ readonly restartLsn: Lsn | null; readonly restartTimeline: number | null } | undefined>;
  dropSlot(name: string): Promise<void>;
  /**
   * A temporary logical slot whose exported snapshot is exactly the state just before `consistentPoint`; both last until
   * the next command. Needs a connection to a database and `wal_level = logical`. It waits for all transactions that run
   * already, for `waitMs` at most (default 60 s): then `database_timeout`, and the session can go on.
   */
  createLogicalSnapshot(
    name: string,
    options?: { readonly waitMs?: number },
  ): Promise<{ readonly consistentPoint: Lsn; readonly snapshotName: string }>;
  baseBackup(options: BaseBackupOptions): Promise<BaseBackup>;
  streamWal(options: StreamWalOptions): Promise<WalStream>;
  close(): Promise<void>;
}

export interface BaseBackupOptions {
  readonly label: string;
  /** `fast` checkpoints at once. */
  readonly checkpoint: 'fast' | 'spread';
  /** Include the WAL that is needed, in `pg_wal/` of the base archive. */
  readonly includeWal: boolean;
  /** Compressed by the server where its build can; PostgreSQL 15 and later. */
  readonly serverCompression?: { readonly method: 'gzip' | 'lz4' | 'zstd'; readonly level?: number };
  /** Kilobytes per second. */
  readonly maxRate?: number;
}

/** A base backup under way. The parts come in order and each must be read to its end. */
export interface BaseBackup {
  readonly startLsn: Lsn;
  readonly timeline: number;
  /** The estimate of the server, for progress. */
  readonly totalBytes: number | null;
  readonly tablespaces: readonly { readonly oid: string; readonly location: string }[];
  /** `base.tar`, one tar per tablespace, then `backup_manifest` (PostgreSQL's own, accepted by pg_verifybackup). */
  parts(): AsyncIterable<{
    readonly name: string;
    readonly kind: 'archive' | 'manifest';
    /** Each piece is there until the next one is asked for. */
    readonly data: AsyncIterable<Uint8Array>;
  }>;
  /** After the last part. */
  finished(): Promise<{ readonly stopLsn: Lsn; readonly timeline: number }>;
}

export interface StreamWalOptions {
  readonly slot?: string;
  readonly timeline: number;
  /** Start of a segment. */
  readonly from: Lsn;
  /** How often the server is told what is safe, even when nothing is new. Default 10 s. */
  readonly statusIntervalMs?: number;
}

/** A piece of WAL as it came. Without data it is the server telling, or asking, how far both are. */
export interface WalMessage {
  readonly startLsn: Lsn;
  readonly endLsn: Lsn;
  /** The end of the server's own WAL, as it was then. */
  readonly serverLsn: Lsn;
  readonly sentAt: Date;
  readonly data: Buffer;
  /** The server waits to hear what is safe, as it does before it shuts down: make it so, and `confirm`. */
  readonly isUrgent: boolean;
}

/** A running stream of WAL. Ends when the server shuts down, or at the end of a timeline with the one that follows. */
export interface WalStream {
  /** To be read once. Fails with `database_timeout` when the server falls silent. */
  messages(): AsyncIterable<WalMessage>;
  /** Everything before it is durable here, so the server may recycle it. Tells the server at once. */
  confirm(flushed: Lsn): void;
  /** Set after `messages` has ended by a change of timeline. */
  readonly next: { readonly timeline: number; readonly from: Lsn } | undefined;
  /** Ends the stream in order, or after 5 s by closing the connection. Whoever reads `messages` sees their end. */
  stop(): Promise<void>;
}
