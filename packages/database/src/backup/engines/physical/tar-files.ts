/** A regular file within an archive; to be read to its end before the next one. Each piece is there until the next is asked for. */
export interface TarFile {
  readonly name: string;
  readonly bytes: number;
  readonly data: AsyncIterable<Uint8Array>;
}

const BLOCK_BYTES = 512;
/** Few files of a cluster are larger, and a write costs more than its bytes. */
const PIECE_BYTES = 1 << 20;
const REGULAR = new Set(['0', '\0']);

/**
 * The regular files of a ustar archive as PostgreSQL sends it, without long names, extended headers or files beyond 8 GB; copied once,
 * into memory that is used again. Fails for what is no such archive, and for one that is cut off.
 */
export async function* tarFiles(
  archive: AsyncIterable<Uint8Array>,
): AsyncGenerator<TarFile, void, undefined> {
  const bytes = createByteReader(archive);
  try {
    for (;;) {
      const header = Buffer.from(await bytes.take(BLOCK_BYTES));
      // two blocks of zeros are the end
      if (header[0] === 0) return await bytes.passAll();
      assertHeader(header);
      const size = Number.parseInt(textAt(header, 124, 12), 8);
      const padding = (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES;
      const content = piecesOf(bytes, size);
      if (REGULAR.has(String.fromCharCode(header[156] ?? 0))) {
        yield { name: nameOf(header), bytes: size, data: content };
      }
      for await (const _ of content);
      await bytes.take(padding);
    }
  } finally {
    await bytes.close();
  }
}

async function* piecesOf(bytes: ByteReader, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let missing = size; missing > 0; ) {
    const piece = await bytes.take(Math.min(missing, PIECE_BYTES));
    missing -= piece.byteLength;
    yield piece;
  }
}

function nameOf(header: Buffer): string {
  const prefix = textAt(header, 345, 155);
  const name = textAt(header, 0, 100);
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** A size in another form than octal digits, and anything else that is no header, has another sum. */
function assertHeader(header: Buffer): void {
  const expected = Number.parseInt(textAt(header, 148, 8), 8);
  let sum = 0;
  for (const [at, byte] of header.entries()) sum += at >= 148 && at < 156 ? 0x20 : byte;
  if (sum !== expected || !/^[0-7]+ *$/.test(textAt(header, 124, 12))) {
    throw new Error('the server sent an archive that is none');
  }
}

function textAt(header: Buffer, from: number, bytes: number): string {
  return header.toString('utf8', from, from + bytes).replace(/\0.*$/s, '');
}

interface ByteReader {
  /** Exactly so many bytes, there until the next call. */
  take(bytes: number): Promise<Uint8Array>;
  /** Reads to the end of the source. */
  passAll(): Promise<void>;
  close(): Promise<void>;
}

function createByteReader(source: AsyncIterable<Uint8Array>): ByteReader {
  const iterator = source[Symbol.asyncIterator]();
  const memory = new Uint8Array(PIECE_BYTES);
  let rest: Uint8Array = new Uint8Array(0);
  return {
    take: async bytes => {
      for (let filled = 0; filled < bytes; ) {
        if (rest.byteLength === 0) {
          const { value, done } = await iterator.next();
          if (done === true) throw new Error('the archive that the server sent ends too early');
          rest = value;
        }
        const part = rest.subarray(0, bytes - filled);
        memory.set(part, filled);
        filled += part.byteLength;
        rest = rest.subarray(part.byteLength);
      }
      return memory.subarray(0, bytes);
    },
    passAll: async () => {
      while ((await iterator.next()).done !== true);
    },
    close: async () => {
      await iterator.return?.();
    },
  };
}
