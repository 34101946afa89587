import { crc32 } from 'node:zlib';
import type { Compression } from '../manifest.ts';
import { BLOCK_BYTES, type BlockMethod, SLAB_BYTES, type WorkedBlock } from './block.ts';
import { type BlockCompressor, createBlockCompressor } from './block-compressor.ts';

/**
 * Data compressed, as `zstd` and `gzip` make it, checksums included; as it is for `none`. Blocks are compressed at the same time
 * and come in their order. Each piece is the reader's until it asks for the next one, and so is each piece of `data` this one's.
 */
export function compress(
  data: AsyncIterable<Uint8Array>,
  compression: Compression,
): AsyncIterable<Uint8Array> {
  switch (compression) {
    case 'zstd':
      return compressBlocks(data, compression, () => undefined);
    case 'gzip':
      return gzip(data);
    case 'none':
      return data;
  }
}

/** RFC 1952: no name, no time, some system. */
const GZIP_HEAD = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);
/** RFC 1951: an empty block that is the last one. */
const DEFLATE_END = Uint8Array.of(3, 0);

/** One member; its blocks end at whole bytes, so they can be put together. */
async function* gzip(data: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let sum = 0;
  let bytes = 0;
  yield GZIP_HEAD;
  yield* compressBlocks(data, 'gzip', block => {
    sum = crc32(block, sum);
    bytes += block.byteLength;
  });
  yield DEFLATE_END;
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(sum, 0);
  tail.writeUInt32LE(bytes % 2 ** 32, 4);
  yield tail;
}

async function* compressBlocks(
  data: AsyncIterable<Uint8Array>,
  method: BlockMethod,
  look: (block: Uint8Array) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const compressor = createBlockCompressor(method);
  const free: ArrayBuffer[] = [];
  const working: Promise<WorkedBlock>[] = [];
  try {
    for await (const { slab, used } of fillSlabs(data, () => free.pop() ?? new ArrayBuffer(SLAB_BYTES))) {
      look(new Uint8Array(slab, 0, used));
      working.push(begin(compressor, slab, used));
      if (working.length > compressor.width) yield* finish(working, free);
    }
    while (working.length > 0) yield* finish(working, free);
  } finally {
    await compressor.close();
  }
}

/** Its failure is seen when its turn comes. */
function begin(compressor: BlockCompressor, slab: ArrayBuffer, used: number): Promise<WorkedBlock> {
  const block = compressor.compress(slab, used);
  block.catch(() => undefined);
  return block;
}

async function* finish(
  working: Promise<WorkedBlock>[],
  free: ArrayBuffer[],
): AsyncGenerator<Uint8Array, void, undefined> {
  const block = await working.shift();
  if (block === undefined) return;
  yield new Uint8Array(block.slab, 0, block.used);
  free.push(block.slab);
}

/** Copies data into blocks of one size; the last one is shorter, and there is one even without data. */
async function* fillSlabs(
  data: AsyncIterable<Uint8Array>,
  next: () => ArrayBuffer,
): AsyncGenerator<{ readonly slab: ArrayBuffer; readonly used: number }, void, undefined> {
  let block = new Uint8Array(next(), 0, BLOCK_BYTES);
  let used = 0;
  for await (const piece of data) {
    for (let offset = 0; offset < piece.byteLength; ) {
      if (used === BLOCK_BYTES) {
        yield { slab: block.buffer, used };
        block = new Uint8Array(next(), 0, BLOCK_BYTES);
        used = 0;
      }
      const part = piece.subarray(offset, offset + BLOCK_BYTES - used);
      block.set(part, used);
      used += part.byteLength;
      offset += part.byteLength;
    }
  }
  yield { slab: block.buffer, used };
}
