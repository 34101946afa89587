import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { Readable, Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';

/** Something that can be read from its beginning as often as needed. */
export interface LogSource {
  readonly name: string;
  /** Bytes as they are stored, for the progress; compressed sources hold more. */
  readonly size: number;
  /** Whether reading can begin in the middle. */
  readonly seekable: boolean;
  /** The bytes from `offset` on, up to `end` where the source is seekable. Chunks may be of any length. */
  open(offset?: number, end?: number): AsyncIterable<Buffer>;
}

const CHUNK_BYTES = 1 << 20;
/** Of compressed files: what they hold may be a thousand times as much. */
const PACKED_BYTES = 1 << 16;
/** Of what was decompressed: a damaged file loses up to so much before the damage. */
const PLAIN_BYTES = 1 << 17;
type Compression = 'none' | 'gzip' | 'zstd';

/** A file, compressed or not; its first bytes decide, not its name. Rejects when it cannot be read. */
export async function fileSource(path: string): Promise<LogSource> {
  const compression = await compressionOf(path);
  const { size } = await stat(path);
  const open = (offset = 0, end = Number.POSITIVE_INFINITY): AsyncIterable<Buffer> => {
    if (end <= offset) return emptySource();
    const highWaterMark = compression === 'none' ? CHUNK_BYTES : PACKED_BYTES;
    const raw = createReadStream(path, { start: offset, end: end - 1, highWaterMark });
    return compression === 'none' ? raw : decompressed(raw, compression);
  };
  return { name: path, size, seekable: compression === 'none', open };
}

/** Bytes in memory, as tests and pieces of a log come. */
export function memorySource(name: string, content: Buffer | string): LogSource {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  async function* open(offset = 0, end = bytes.length): AsyncGenerator<Buffer> {
    yield bytes.subarray(offset, end);
  }
  return { name, size: bytes.length, seekable: true, open };
}

async function* emptySource(): AsyncGenerator<Buffer> {}

async function compressionOf(path: string): Promise<Compression> {
  await using file = await open(path, 'r');
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
  if (bytesRead >= 2 && buffer[0] === 0x1f && buffer[1] === 0x8b) return 'gzip';
  return bytesRead === 4 && buffer.readUInt32LE(0) === 0xfd2fb528 ? 'zstd' : 'none';
}

/** What could be decompressed comes before the error of what could not: a stream that fails would drop what it still holds. */
async function* decompressed(raw: Readable, compression: 'gzip' | 'zstd'): AsyncGenerator<Buffer> {
  const options = { chunkSize: PLAIN_BYTES };
  const unpack: Transform = compression === 'gzip' ? createGunzip(options) : createZstdDecompress(options);
  let ready: Buffer[] = [];
  let failed: Error | undefined;
  unpack.on('data', (chunk: Buffer) => ready.push(chunk));
  unpack.on('error', error => {
    failed = error;
  });
  const closed = new Promise<void>(resolve => unpack.once('close', resolve));
  try {
    for await (const chunk of raw) {
      const taken = new Promise<void>(resolve => unpack.write(chunk, () => resolve()));
      await Promise.race([taken, closed]);
      yield* ready.splice(0);
      if (failed !== undefined) throw failed;
    }
    unpack.end();
    await closed;
    yield* ready;
    if (failed !== undefined) throw failed;
  } finally {
    ready = [];
    raw.destroy();
    unpack.destroy();
  }
}
