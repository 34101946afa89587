import type { Readable } from 'node:stream';

/** WAL without a gap, on one timeline. */
export interface WalRange {
  readonly timeline: number;
  readonly fromLsn: string;
  /** The end of what is durable, within a segment or not. */
  readonly toLsn: string;
  /** The end of what the place itself has, when the rest is on this machine alone: it is in the segment being written. */
  readonly storedToLsn?: string;
  /** Commit times seen at both ends, ISO 8601, when known. */
  readonly fromTime: string | null;
  readonly toTime: string | null;
  readonly beginning: RangeBeginning;
  /** The database is no longer on it, nor came from it: the restore that began it was undone, or another one went another way. */
  readonly abandoned?: true;
}

/** Why a range begins where it does. */
export interface RangeBeginning {
  /**
   * `first`: with it the archive began. `timeline`: it continues an earlier range on a new timeline, and nothing is
   * missing. `gap`: what is before it was lost to the archive. `removed`: what was before it has been pruned.
   */
  readonly kind: 'first' | 'timeline' | 'gap' | 'removed';
  readonly reason: string;
  /** For `timeline`: where it left the one before. Its first segment begins with a copy of that one's. Else null. */
  readonly forkLsn: string | null;
  /** ISO 8601; null when nobody recorded it. */
  readonly at: string | null;
}

/**
 * The WAL of one cluster at one destination: `wal/<system identifier>/<segment>` with the endings of compression and
 * encryption and a description `<segment>.json` beside each, `<timeline>.history`, `archive.json`, and `.partial` for the
 * segment being written. Where the destination is remote or encrypted that one is kept locally, and stored as whole ones are
 * when the archiving ends in order.
 */
export interface WalArchive {
  readonly systemIdentifier: string;
  readonly segmentBytes: number;
  /** Oldest first. Without `times` both times are null, which spares reading the segments at their ends. Default true. */
  ranges(options?: { readonly times?: boolean }): Promise<readonly WalRange[]>;
  /** Names of whole and partial segments and histories, sorted; original sizes. */
  list(): Promise<readonly { readonly name: string; readonly bytes: number }[]>;
  /**
   * The original bytes of a segment or history, checked against its hash. A partial one ends where its WAL ends so far;
   * PostgreSQL wants it filled up with zeros to the size of a segment. Throws `not_found`, `backup_damaged`.
   */
  open(name: string): Promise<Readable>;
  /** Removes whole segments that end before this position on every timeline. Resolves to their names. */
  removeBefore(lsn: string): Promise<readonly string[]>;
}
