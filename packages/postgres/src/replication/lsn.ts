import { HoldfastError } from '@holdfast/core';

/** A position in the WAL as PostgreSQL writes it, `16/B374D848`, as a number. Throws `invalid_request`. */
export function parseLsn(text: string): bigint {
  const [, high, low] = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/.exec(text) ?? [];
  if (high !== undefined && low !== undefined) return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
  const message = `"${text}" is not a position in the WAL. PostgreSQL writes them as two hexadecimal numbers: 16/B374D848`;
  throw new HoldfastError('invalid_request', message);
}

export function formatLsn(lsn: bigint): string {
  const hex = (part: bigint): string => part.toString(16).toUpperCase();
  return `${hex(lsn >> 32n)}/${hex(lsn & 0xffff_ffffn)}`;
}

/** Where the segment begins that holds this position. */
export function segmentStart(lsn: bigint, segmentBytes: number): bigint {
  return lsn - (lsn % BigInt(segmentBytes));
}

/** The name that PostgreSQL gives to the segment that holds this position, `000000010000001600000B37`. */
export function segmentName(timeline: number, lsn: bigint, segmentBytes: number): string {
  const number = lsn / BigInt(segmentBytes);
  const perHigh = 0x1_0000_0000n / BigInt(segmentBytes);
  return hex8(BigInt(timeline)) + hex8(number / perHigh) + hex8(number % perHigh);
}

/** Timeline and beginning of a segment; undefined when the name is none of a segment of this size. */
export function parseSegmentName(
  name: string,
  segmentBytes: number,
): { readonly timeline: number; readonly start: bigint } | undefined {
  const [, timeline, high, low] = /^([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})$/.exec(name) ?? [];
  if (timeline === undefined || high === undefined || low === undefined) return undefined;
  const size = BigInt(segmentBytes);
  const inHigh = BigInt(`0x${low}`);
  if (inHigh >= 0x1_0000_0000n / size) return undefined;
  const start = (BigInt(`0x${high}`) << 32n) + inHigh * size;
  return { timeline: Number.parseInt(timeline, 16), start };
}

/** `00000002.history` */
export function historyName(timeline: number): string {
  return `${hex8(BigInt(timeline))}.history`;
}

const UNITS: Readonly<Record<string, number>> = { B: 1, kB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 };
const MIN_SEGMENT_BYTES = 1024 ** 2;
const MAX_SEGMENT_BYTES = 1024 ** 3;

/** What `show wal_segment_size` says, in bytes; undefined when it cannot be one. */
export function parseSegmentBytes(text: string): number | undefined {
  const [, amount, unit] = /^(\d+)(B|kB|MB|GB)$/.exec(text.trim()) ?? [];
  const bytes = Number(amount) * (UNITS[unit ?? ''] ?? Number.NaN);
  const isPowerOfTwo = Number.isInteger(Math.log2(bytes));
  return isPowerOfTwo && bytes >= MIN_SEGMENT_BYTES && bytes <= MAX_SEGMENT_BYTES ? bytes : undefined;
}

function hex8(value: bigint): string {
  return value.toString(16).toUpperCase().padStart(8, '0');
}
