import { HoldfastError } from '@holdfast/core';
import { formatLsn } from '@holdfast/postgres';

/*
 * The format of a page of WAL, the same from PostgreSQL 14 to 18 but for the magic number: access/xlog_internal.h.
 * Everything is in the byte order of the machine, which is little-endian wherever Holdfast runs.
 */
const SHORT_HEADER_BYTES = 24;
const LONG_HEADER_BYTES = 40;
const FIRST_IS_CONTINUED = 0x1;
const LONG_HEADER = 0x2;
const FIRST_IS_OVERWRITTEN = 0x8;
/** 0xD10D is PostgreSQL 14, 0xD118 is 18. */
const MAGIC_FAMILY = 0xd1;

export interface PageHeader {
  /** Where the first byte after the header is. */
  readonly bytes: number;
  readonly timeline: number;
  readonly pageVersion: number;
  /** Bytes of a record that began on an earlier page. */
  readonly continuedBytes: number;
  /** The record that should continue here was lost in a crash of the server, and given up. */
  readonly abandonsRecord: boolean;
  /** Only on the first page of a segment. */
  readonly pageBytes: number | undefined;
}

/** Undefined for a page that nobody has written yet. Throws `backup_damaged` for one that does not belong there. */
export function readPageHeader(page: Buffer, lsn: bigint): PageHeader | undefined {
  const magic = page.readUInt16LE(0);
  if (magic === 0) return undefined;
  const info = page.readUInt16LE(2);
  if (magic >> 8 !== MAGIC_FAMILY || page.readBigUInt64LE(8) !== lsn)
    throw damagedAt(lsn, 'the page is another one');
  const isLong = (info & LONG_HEADER) !== 0;
  return {
    bytes: isLong ? LONG_HEADER_BYTES : SHORT_HEADER_BYTES,
    timeline: page.readUInt32LE(4),
    pageVersion: magic,
    continuedBytes: (info & FIRST_IS_CONTINUED) === 0 ? 0 : page.readUInt32LE(16),
    abandonsRecord: (info & FIRST_IS_OVERWRITTEN) !== 0,
    pageBytes: isLong ? page.readUInt32LE(36) : undefined,
  };
}

export function damagedAt(lsn: bigint, why: string): HoldfastError {
  return new HoldfastError('backup_damaged', `The WAL at ${formatLsn(lsn)} is damaged: ${why}`);
}
