import { formatLsn, parseLsn, segmentName, segmentStart } from '@holdfast/postgres';
import type { BackupProblem } from '../../manifest.ts';

const PAGE_BYTES = 8_192;
/** Of an XLogPageHeaderData, the address of the page. */
const ADDRESS_AT = 8;

export interface WalSpan {
  readonly timeline: number;
  readonly from: string;
  /** Recovery reads up to here. */
  readonly to: string;
}

/** Looks at WAL as it is read: every segment of the span, in pages that say they belong there. */
export interface WalCheck {
  segment(name: string, data: AsyncIterable<Uint8Array>): Promise<readonly BackupProblem[]>;
  missing(): readonly BackupProblem[];
}

export function checkWal({ timeline, from, to }: WalSpan): WalCheck {
  const seen = new Map<string, number>();
  return {
    segment: async (name, data) => {
      const found = await readPages(
        data,
        BigInt(`0x${name.slice(8, 16)}${'0'.repeat(8)}`),
        parseLsn(to),
        name,
      );
      seen.set(name, found.bytes);
      return found.problems;
    },
    missing: () => {
      const [bytes] = seen.values();
      if (bytes === undefined)
        return [{ code: 'missing_file', subject: 'pg_wal', message: 'there is no WAL' }];
      const last = segmentStart(parseLsn(to) - 1n, bytes);
      const problems: BackupProblem[] = [];
      for (let at = segmentStart(parseLsn(from), bytes); at <= last; at += BigInt(bytes)) {
        const name = segmentName(timeline, at, bytes);
        if (!seen.has(name))
          problems.push({
            code: 'missing_file',
            subject: `pg_wal/${name}`,
            message: `WAL from ${formatLsn(at)} on is not there`,
          });
      }
      return problems;
    },
  };
}

/** The rest of a segment is zeros where the server switched to the next one, and where the backup ends. */
async function readPages(
  data: AsyncIterable<Uint8Array>,
  high: bigint,
  to: bigint,
  name: string,
): Promise<{ bytes: number; problems: BackupProblem[] }> {
  const subject = `pg_wal/${name}`;
  let problem: BackupProblem | undefined;
  let bytes = 0;
  let start: bigint | undefined;
  let blank = false;
  for await (const page of pagesOf(data)) {
    const address = page.length < PAGE_BYTES ? 0n : page.readBigUInt64LE(ADDRESS_AT);
    start ??= address;
    const expected = start + BigInt(bytes);
    blank ||= address === 0n;
    if (expected < to && address !== (blank ? 0n : expected))
      problem ??= {
        code: 'does_not_decode',
        subject,
        message: `the page at ${formatLsn(expected)} says it is at ${formatLsn(address)}`,
      };
    bytes += page.length;
  }
  if (start !== undefined && start >> 32n !== high >> 32n)
    problem ??= { code: 'does_not_decode', subject, message: `it holds the WAL of ${formatLsn(start)}` };
  return { bytes, problems: problem === undefined ? [] : [problem] };
}

/** Whole pages; the last one may be short. */
async function* pagesOf(data: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of data) {
    rest =
      rest.length === 0
        ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
        : Buffer.concat([rest, chunk]);
    let at = 0;
    for (; at + PAGE_BYTES <= rest.length; at += PAGE_BYTES) yield rest.subarray(at, at + PAGE_BYTES);
    rest = rest.subarray(at);
  }
  if (rest.length > 0) yield rest;
}
