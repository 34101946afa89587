import { mainData, type RecordHeader } from './wal-record.ts';

/** How a transaction ended, as its record says, access/xact.h. */
export interface TransactionEnd {
  readonly kind: 'commit' | 'abort';
  /** Of the transaction itself; also where it was committed by somebody else, as prepared ones are. */
  readonly xid: number;
  readonly subxids: readonly number[];
  readonly at: Date;
  /** The files of tables and indexes that ceased with it, as `tablespace/database/filenode`: dropped, truncated, or rewritten. */
  readonly droppedFiles: readonly string[];
}

const KINDS: ReadonlyMap<number, TransactionEnd['kind']> = new Map([
  [0x00, 'commit'],
  [0x30, 'commit'],
  [0x20, 'abort'],
  [0x40, 'abort'],
]);
const OPERATION = 0x70;
const HAS_INFO = 0x80;
const HAS = {
  database: 1,
  subxids: 2,
  files: 4,
  invalidations: 8,
  prepared: 0x10,
  statistics: 0x100,
} as const;
const EPOCH_MS = Date.UTC(2000, 0, 1);
/** The first version with wide identifiers in the statistics of dropped objects. */
const MAGIC_18 = 0xd118;

/** Undefined for a record about transactions that ends none. Throws a RangeError when the record makes no sense. */
export function readTransactionEnd(
  header: RecordHeader,
  record: Buffer,
  pageVersion: number,
): TransactionEnd | undefined {
  const kind = KINDS.get(header.info & OPERATION);
  if (kind === undefined) return undefined;
  const data = mainData(record);
  if (data === undefined) throw new RangeError('the record has no data');
  const at = new Date(EPOCH_MS + Number(data.readBigInt64LE(0) / 1000n));
  const rest = readDetails(
    data,
    (header.info & HAS_INFO) === 0 ? 0 : data.readUInt32LE(8),
    kind,
    pageVersion,
  );
  return { kind, at, ...rest, xid: rest.preparedXid ?? header.xid };
}

interface Details {
  readonly subxids: readonly number[];
  readonly droppedFiles: readonly string[];
  readonly preparedXid: number | undefined;
}

/** The parts follow each other in this order, each only where its flag is set. */
function readDetails(data: Buffer, has: number, kind: TransactionEnd['kind'], pageVersion: number): Details {
  let at = 12 + ((has & HAS.database) === 0 ? 0 : 8);
  const list = (flag: number, bytes: number): number[] => {
    if ((has & flag) === 0) return [];
    const count = data.readInt32LE(at);
    const from = at + 4;
    at = from + count * bytes;
    if (count < 0 || at > data.length) throw new RangeError('a list is longer than the record');
    return Array.from({ length: count }, (_, index) => from + index * bytes);
  };
  const subxids = list(HAS.subxids, 4).map(place => data.readUInt32LE(place));
  const droppedFiles = list(HAS.files, 12).map(
    place => `${data.readUInt32LE(place)}/${data.readUInt32LE(place + 4)}/${data.readUInt32LE(place + 8)}`,
  );
  list(HAS.statistics, pageVersion >= MAGIC_18 ? 16 : 12);
  if (kind === 'commit') list(HAS.invalidations, 16);
  const preparedXid = (has & HAS.prepared) === 0 ? undefined : data.readUInt32LE(at);
  return { subxids, droppedFiles, preparedXid };
}
