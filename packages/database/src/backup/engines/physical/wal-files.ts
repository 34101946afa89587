import {
  type Lsn,
  parseLsn,
  segmentName,
  segmentStart,
  type WalMessage,
  type WalStream,
} from '@holdfast/postgres';

/** One segment of WAL; its data is read before the next one is asked for, and is as long as a segment. */
export interface WalFile {
  readonly name: string;
  readonly data: AsyncIterable<Uint8Array>;
}

export interface WalCollection {
  readonly stream: WalStream;
  readonly timeline: number;
  readonly segmentBytes: number;
  /** The beginning of a segment. */
  readonly from: Lsn;
  /** Where it may end; known while the stream runs. */
  readonly end: Promise<Lsn>;
}

/** Cuts a stream of WAL into segments, as far as it must reach; the last one is filled with zeros, where recovery sees the end. */
export async function* walFiles(collection: WalCollection): AsyncGenerator<WalFile, void, undefined> {
  const { timeline, segmentBytes, from } = collection;
  const pieces = createPieces(collection);
  for (let start = segmentStart(parseLsn(from), segmentBytes); ; start += BigInt(segmentBytes)) {
    if (!(await pieces.hasMore())) return;
    yield { name: segmentName(timeline, start, segmentBytes), data: segmentOf(pieces, segmentBytes) };
  }
}

interface Pieces {
  hasMore(): Promise<boolean>;
  /** At most so many bytes; undefined at the end. */
  take(bytes: number): Promise<Buffer | undefined>;
}

function createPieces({ stream, from, end }: WalCollection): Pieces {
  const next = nextMessages(stream);
  const known = end.then(lsn => parseLsn(lsn));
  // awaited below, unless the stream breaks off first
  known.catch(() => undefined);
  let wanted: bigint | undefined;
  let reached = parseLsn(from);
  let rest: Buffer = Buffer.alloc(0);
  const fill = async (): Promise<void> => {
    while (rest.length === 0 && (wanted === undefined || reached < wanted)) {
      const heard = await (wanted === undefined ? Promise.race([next.peek(), known]) : next.peek());
      if (typeof heard === 'bigint') wanted = heard;
      else {
        next.drop();
        rest = heard.data;
        if (rest.length > 0) {
          reached = parseLsn(heard.endLsn);
          stream.confirm(heard.endLsn);
        }
      }
    }
  };
  return {
    hasMore: async () => {
      await fill();
      return rest.length > 0;
    },
    take: async bytes => {
      await fill();
      if (rest.length === 0) return undefined;
      const piece = rest.subarray(0, bytes);
      rest = rest.subarray(piece.length);
      return piece;
    },
  };
}

/** The messages of a stream, where waiting for one does not take it away. */
function nextMessages(stream: WalStream): { peek(): Promise<WalMessage>; drop(): void } {
  const messages = stream.messages()[Symbol.asyncIterator]();
  let pending: Promise<WalMessage> | undefined;
  const ask = async (): Promise<WalMessage> => {
    const { value, done } = await messages.next();
    if (done === true) throw new Error('the server ended the stream of WAL');
    return value;
  };
  return {
    peek: () => {
      if (pending === undefined) {
        pending = ask();
        // nobody may be waiting any more when it fails
        pending.catch(() => undefined);
      }
      return pending;
    },
    drop: () => {
      pending = undefined;
    },
  };
}

async function* segmentOf(pieces: Pieces, segmentBytes: number): AsyncGenerator<Uint8Array, void, undefined> {
  let missing = segmentBytes;
  while (missing > 0) {
    const piece = await pieces.take(missing);
    if (piece === undefined) break;
    missing -= piece.length;
    yield piece;
  }
  for (; missing > 0; missing -= Math.min(missing, ZEROS.length)) yield ZEROS.subarray(0, missing);
}

const ZEROS = new Uint8Array(65_536);
