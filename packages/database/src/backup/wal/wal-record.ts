/** The header that every record begins with, access/xlogrecord.h. */
export interface RecordHeader {
  readonly totalBytes: number;
  readonly xid: number;
  readonly info: number;
  /** The resource manager: what kind of record it is. */
  readonly manager: number;
}

export const RECORD_HEADER_BYTES = 24;
export const TRANSACTION_MANAGER = 1;
/** Of the records that may end a segment early. */
export const SWITCHING_MANAGER = 0;
const SWITCH = 0x40;

export function readRecordHeader(bytes: Buffer, at: number): RecordHeader {
  return {
    totalBytes: bytes.readUInt32LE(at),
    xid: bytes.readUInt32LE(at + 4),
    info: bytes.readUInt8(at + 16),
    manager: bytes.readUInt8(at + 17),
  };
}

/** Whether the rest of the segment is empty, because the server was told to begin the next one. */
export function isSegmentSwitch({ manager, info }: RecordHeader): boolean {
  return manager === SWITCHING_MANAGER && (info & 0xf0) === SWITCH;
}

const DATA_SHORT = 255;
const DATA_LONG = 254;
const ORIGIN = 253;
const TOP_XID = 252;

/** The main data of a record without pages in it; undefined when it has some, or makes no sense. */
export function mainData(record: Buffer): Buffer | undefined {
  let at = RECORD_HEADER_BYTES;
  while (at < record.length) {
    const id = record.readUInt8(at);
    if (id === ORIGIN) at += 3;
    else if (id === TOP_XID) at += 5;
    else if (id === DATA_SHORT) return exactly(record, at + 2, record.readUInt8(at + 1));
    else if (id === DATA_LONG) return exactly(record, at + 5, record.readUInt32LE(at + 1));
    else return undefined;
  }
  return undefined;
}

/** The main data is the last thing in a record. */
function exactly(record: Buffer, from: number, bytes: number): Buffer | undefined {
  return from + bytes === record.length ? record.subarray(from) : undefined;
}

const CRC_TABLE = makeTable();

/** Whether the checksum of a record, CRC-32C over its body and then its header, is right. */
export function hasValidChecksum(record: Buffer): boolean {
  const body = crc32c(record, RECORD_HEADER_BYTES, record.length, 0xffff_ffff);
  const whole = crc32c(record, 0, 20, body);
  return (whole ^ 0xffff_ffff) >>> 0 === record.readUInt32LE(20);
}

function crc32c(bytes: Buffer, from: number, to: number, start: number): number {
  let crc = start;
  for (let at = from; at < to; at += 1) {
    crc = (CRC_TABLE[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8);
  }
  return crc;
}

function makeTable(): Uint32Array {
  const table = new Uint32Array(256);
  for (let index = 0; index < 256; index += 1) {
    let value = index;
    for (let bit = 0; bit < 8; bit += 1)
      value = (value & 1) === 0 ? value >>> 1 : (value >>> 1) ^ 0x82f6_3b78;
    table[index] = value;
  }
  return table;
}
