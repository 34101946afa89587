import { formatLsn, parseLsn, parseSegmentName } from '@holdfast/postgres';
import type { WalArchive, WalRange } from '../wal-archive.ts';
import { type RecordVisitor, readRecords, type WalRecord } from './read-records.ts';
import { readTransactionEnd, type TransactionEnd } from './transaction-end.ts';
import { damagedAt } from './wal-page.ts';
import { hasValidChecksum, TRANSACTION_MANAGER } from './wal-record.ts';

/** A transaction that was committed. */
export interface Commit {
  readonly timeline: number;
  /** As for `recovery_target_xid`. */
  readonly xid: string;
  /** Where its record begins: recovery to it, not inclusive, is the state just before this transaction. */
  readonly lsn: string;
  /** Where its record ends. */
  readonly endLsn: string;
  /** ISO 8601, by the clock of the server. */
  readonly at: string;
  /** WAL written by it since the reading began; null when too many transactions were open to count. */
  readonly bytes: number | null;
  /** Files of tables and indexes that ceased with it, as `tablespace/database/filenode`: by DROP, TRUNCATE, or a rewrite. */
  readonly droppedFiles: readonly string[];
}

/** Positions on any timeline; from inclusive, to exclusive. Times are inclusive at both ends. */
export interface CommitsBetween {
  readonly from?: { readonly lsn: string } | { readonly time: Date };
  readonly to?: { readonly lsn: string } | { readonly time: Date };
}

/** Commits come nearly, but not exactly, in the order of their times. */
const DISORDER_MS = 60_000;
const COUNTED_TRANSACTIONS = 100_000;

/** The commits in an archive that led to the present database, range after range, each in the order of the WAL. Throws `backup_damaged`. */
export async function* listCommits(
  archive: WalArchive,
  between: CommitsBetween = {},
): AsyncGenerator<Commit, void, undefined> {
  const ranges = await archive.ranges({ times: false });
  for (const range of ranges) {
    if (range.abandoned === true) continue;
    const names = await namesFrom(archive, range, between);
    for await (const commit of commitsIn(archive, names)) {
      if (isBeyond(commit, between)) break;
      if (isWithin(commit, range, between)) yield commit;
    }
  }
}

/** The commits in segments that follow each other. */
export async function* commitsIn(
  archive: WalArchive,
  names: readonly string[],
): AsyncGenerator<Commit, void, undefined> {
  const first = placeOf(archive, names[0]);
  if (first === undefined) return;
  const found: Commit[] = [];
  const visitor = commitCollector(first.timeline, found);
  const options = { start: first.start, segmentBytes: archive.segmentBytes, visitor };
  for await (const _ of readRecords(contentOf(archive, names), options)) {
    yield* found;
    found.length = 0;
  }
}

function commitCollector(timeline: number, found: Commit[]): RecordVisitor {
  const written = new Map<number, number>();
  return {
    manager: TRANSACTION_MANAGER,
    count: (xid, bytes) => {
      if (xid === 0) return;
      const before = written.get(xid);
      if (before !== undefined || written.size < COUNTED_TRANSACTIONS)
        written.set(xid, (before ?? 0) + bytes);
    },
    record: record => {
      const end = transactionEnd(record);
      if (end === undefined) return;
      const bytes = takeOut(written, [end.xid, ...end.subxids]);
      if (end.kind === 'commit') found.push(toCommit(timeline, record, end, bytes));
    },
  };
}

async function* contentOf(archive: WalArchive, names: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const name of names) yield* await archive.open(name);
}

function toCommit(
  timeline: number,
  { lsn, endLsn }: WalRecord,
  { xid, at, droppedFiles }: TransactionEnd,
  bytes: number | null,
): Commit {
  return {
    timeline,
    xid: String(xid),
    lsn: formatLsn(lsn),
    endLsn: formatLsn(endLsn),
    at: at.toISOString(),
    bytes,
    droppedFiles,
  };
}

function transactionEnd({ header, lsn, pageVersion, bytes }: WalRecord): TransactionEnd | undefined {
  if (!hasValidChecksum(bytes)) throw damagedAt(lsn, 'the checksum of a record is wrong');
  try {
    return readTransactionEnd(header, bytes, pageVersion);
  } catch (error) {
    if (error instanceof RangeError) throw damagedAt(lsn, error.message);
    throw error;
  }
}

function takeOut(written: Map<number, number>, xids: readonly number[]): number | null {
  const isComplete = written.size < COUNTED_TRANSACTIONS;
  let sum = 0;
  for (const xid of xids) {
    sum += written.get(xid) ?? 0;
    written.delete(xid);
  }
  return isComplete ? sum : null;
}

function isBeyond({ lsn, at }: Commit, { to }: CommitsBetween): boolean {
  if (to === undefined) return false;
  return 'lsn' in to ? parseLsn(lsn) >= parseLsn(to.lsn) : Date.parse(at) > to.time.getTime() + DISORDER_MS;
}

function isWithin({ lsn, at }: Commit, { beginning }: WalRange, { from, to }: CommitsBetween): boolean {
  const position = parseLsn(lsn);
  // the first segment of a timeline begins with a copy of what is on the one before
  if (beginning.forkLsn !== null && position < parseLsn(beginning.forkLsn)) return false;
  const isAfter =
    from === undefined ||
    ('lsn' in from ? position >= parseLsn(from.lsn) : Date.parse(at) >= from.time.getTime());
  return isAfter && (to === undefined || 'lsn' in to || Date.parse(at) <= to.time.getTime());
}

/** The segments of a range from where the reading must begin. */
async function namesFrom(
  archive: WalArchive,
  range: WalRange,
  { from }: CommitsBetween,
): Promise<readonly string[]> {
  const names = await segmentNames(archive, range);
  if (from === undefined) return names;
  const isBefore = async (name: string): Promise<boolean> => {
    if ('lsn' in from) return (placeOf(archive, name)?.start ?? 0n) <= parseLsn(from.lsn);
    const time = await firstCommitTime(archive, name);
    return time !== undefined && time < from.time.getTime() - DISORDER_MS;
  };
  // the last segment known to begin before it; one where nothing was committed counts as later
  let low = 0;
  let high = names.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (await isBefore(names[middle] ?? '')) low = middle;
    else high = middle;
  }
  return names.slice(low);
}

/** The segments of a range, in their order. */
export async function segmentNames(archive: WalArchive, range: WalRange): Promise<readonly string[]> {
  const [from, to] = [parseLsn(range.fromLsn), parseLsn(range.toLsn)];
  const names = (await archive.list()).map(({ name }) => name);
  return names.filter(name => {
    const place = placeOf(archive, name);
    return (
      place !== undefined && place.timeline === range.timeline && place.start >= from && place.start < to
    );
  });
}

async function firstCommitTime(archive: WalArchive, name: string): Promise<number | undefined> {
  for await (const { at } of commitsIn(archive, [name])) return Date.parse(at);
  return undefined;
}

function placeOf(archive: WalArchive, name = ''): ReturnType<typeof parseSegmentName> {
  return parseSegmentName(name.replace(/\.partial$/, ''), archive.segmentBytes);
}
