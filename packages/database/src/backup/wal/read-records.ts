import { damagedAt, type PageHeader, readPageHeader } from './wal-page.ts';
import {
  isSegmentSwitch,
  RECORD_HEADER_BYTES,
  type RecordHeader,
  readRecordHeader,
  SWITCHING_MANAGER,
} from './wal-record.ts';

/** A record of WAL that was asked for. */
export interface WalRecord {
  readonly lsn: bigint;
  readonly endLsn: bigint;
  readonly header: RecordHeader;
  readonly pageVersion: number;
  readonly bytes: Buffer;
}

/** Who reads records. Called synchronously, since there are millions of them. */
export interface RecordVisitor {
  /** The kind of records that are wanted whole; the others are skipped over. */
  readonly manager: number;
  /** Each record, in order, with the transaction that wrote it (0 for none). */
  count(xid: number, bytes: number): void;
  record(record: WalRecord): void;
}

export interface ReadRecordsOptions {
  /** The position of the first byte: the beginning of a segment. */
  readonly start: bigint;
  readonly segmentBytes: number;
  readonly visitor: RecordVisitor;
}

const DEFAULT_PAGE_BYTES = 8192;
const ALIGNMENT = 8;

interface Unfinished {
  readonly lsn: bigint;
  /** Of it; undefined for what began before the reading did. */
  readonly totalBytes: number | undefined;
  readonly pieces: Buffer[];
  collected: number;
  remaining: number;
}

interface Reading {
  readonly options: ReadRecordsOptions;
  unfinished: Unfinished | undefined;
  /** Nothing is read before it. */
  skipTo: bigint;
}

/**
 * Reads the records of WAL that comes in pieces, from the first that begins in it; yields after each piece. Records go on
 * over pages and segments. Ends where the WAL ends, which may be in the middle of a record. Throws `backup_damaged`.
 */
export async function* readRecords(
  data: AsyncIterable<Uint8Array>,
  options: ReadRecordsOptions,
): AsyncGenerator<void, void, undefined> {
  const reading: Reading = { options, unfinished: undefined, skipTo: options.start };
  let rest: Buffer = Buffer.alloc(0);
  let lsn = options.start;
  let pageBytes: number | undefined;
  for await (const chunk of data) {
    rest = joined(rest, chunk);
    if (rest.length < LONGEST_PAGE_HEADER) continue;
    pageBytes ??= readPageHeader(rest, lsn)?.pageBytes ?? DEFAULT_PAGE_BYTES;
    let at = 0;
    for (; rest.length - at >= pageBytes; at += pageBytes) {
      if (readPage(reading, rest.subarray(at, at + pageBytes), lsn) === 'end') return yield;
      lsn += BigInt(pageBytes);
    }
    rest = rest.subarray(at);
    yield;
  }
  if (rest.length >= LONGEST_PAGE_HEADER) readPage(reading, rest, lsn);
  yield;
}

const LONGEST_PAGE_HEADER = 40;

function joined(rest: Buffer, chunk: Uint8Array): Buffer {
  if (rest.length > 0) return Buffer.concat([rest, chunk]);
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

type PageOutcome = 'end' | 'more';

function readPage(reading: Reading, page: Buffer, lsn: bigint): PageOutcome {
  if (lsn < reading.skipTo) return 'more';
  const header = readPageHeader(page, lsn);
  if (header === undefined) return 'end';
  if (header.abandonsRecord) reading.unfinished = undefined;
  reading.unfinished ??= continuedFromBefore(header, lsn);
  const { unfinished } = reading;
  if (unfinished === undefined) return readWholeRecords(reading, page, lsn, header.bytes, header);
  if (header.continuedBytes !== unfinished.remaining) {
    throw damagedAt(lsn, 'a record does not go on where it should');
  }
  const at = takePiece(unfinished, page, header.bytes);
  if (unfinished.remaining > 0) return 'more';
  reading.unfinished = undefined;
  const bytes = Buffer.concat(unfinished.pieces);
  if (unfinished.totalBytes !== undefined) {
    visit(reading, { bytes, lsn: unfinished.lsn, endLsn: lsn + BigInt(at) }, header);
  }
  return readWholeRecords(reading, page, lsn, align(at), header);
}

function readWholeRecords(
  reading: Reading,
  page: Buffer,
  lsn: bigint,
  from: number,
  header: PageHeader,
): PageOutcome {
  const { manager, count } = reading.options.visitor;
  for (let at = from; page.length - at >= ALIGNMENT; ) {
    const totalBytes = page.readUInt32LE(at);
    if (totalBytes === 0) return 'end';
    if (totalBytes < RECORD_HEADER_BYTES) {
      throw damagedAt(lsn + BigInt(at), `a record of ${totalBytes} bytes`);
    }
    if (totalBytes > page.length - at) {
      const unfinished = {
        lsn: lsn + BigInt(at),
        totalBytes,
        pieces: [],
        collected: 0,
        remaining: totalBytes,
      };
      takePiece(unfinished, page, at);
      reading.unfinished = unfinished;
      return 'more';
    }
    const end = at + totalBytes;
    const found = page[at + 17];
    if (found === manager || found === SWITCHING_MANAGER) {
      const bytes = page.subarray(at, end);
      visit(reading, { bytes, lsn: lsn + BigInt(at), endLsn: lsn + BigInt(end) }, header);
      if (reading.skipTo > lsn) return 'more';
    } else {
      count(page.readUInt32LE(at + 4), totalBytes);
    }
    at = align(end);
  }
  return 'more';
}

/** What began before the reading did is only skipped. */
function continuedFromBefore({ continuedBytes }: PageHeader, lsn: bigint): Unfinished | undefined {
  if (continuedBytes === 0) return undefined;
  return { lsn, totalBytes: undefined, pieces: [], collected: 0, remaining: continuedBytes };
}

/** Of larger records only the beginning is kept: none of those that anybody asks for is as large. */
const KEPT_BYTES = 16 * 1024 ** 2;

function takePiece(unfinished: Unfinished, page: Buffer, at: number): number {
  const piece = page.subarray(at, at + Math.min(unfinished.remaining, page.length - at));
  unfinished.remaining -= piece.length;
  if (unfinished.totalBytes !== undefined && unfinished.collected < KEPT_BYTES) {
    // a copy: the page is not ours for long
    unfinished.pieces.push(Buffer.from(piece));
    unfinished.collected += piece.length;
  }
  return at + piece.length;
}

function visit(
  reading: Reading,
  { bytes, lsn, endLsn }: Pick<WalRecord, 'bytes' | 'lsn' | 'endLsn'>,
  { pageVersion }: PageHeader,
): void {
  const { visitor, segmentBytes } = reading.options;
  const header = readRecordHeader(bytes, 0);
  visitor.count(header.xid, header.totalBytes);
  if (isSegmentSwitch(header)) reading.skipTo = roundUp(endLsn, BigInt(segmentBytes));
  if (header.manager !== visitor.manager) return;
  if (bytes.length !== header.totalBytes)
    throw damagedAt(lsn, `a record of ${header.totalBytes} bytes about a transaction`);
  visitor.record({ lsn, endLsn, header, pageVersion, bytes });
}

function roundUp(lsn: bigint, size: bigint): bigint {
  return ((lsn + size - 1n) / size) * size;
}

function align(at: number): number {
  return (at + ALIGNMENT - 1) & -ALIGNMENT;
}
