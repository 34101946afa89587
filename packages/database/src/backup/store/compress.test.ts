import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import type { Compression } from '../manifest.ts';
import { BLOCK_BYTES } from './block.ts';
import { compress } from './compress.ts';
import { decompress } from './compression.ts';

/** Something of every kind: what does not shrink, what shrinks to nothing, and what is in between. */
function sample(bytes: number): Buffer {
  const text = Buffer.from('a line of words that come again and again, 0123456789\n'.repeat(2_000));
  const parts = [randomBytes(300_000), text, Buffer.alloc(500_000)];
  const many = Array.from({ length: Math.ceil(bytes / 800_000) }, () => parts).flat();
  return Buffer.concat(many).subarray(0, bytes);
}

/** Pieces in one and the same memory, as a source may have them. */
async function* inPieces(data: Buffer, size: number): AsyncGenerator<Uint8Array> {
  const memory = Buffer.alloc(size);
  for (let at = 0; at < data.byteLength; at += size) {
    const bytes = data.copy(memory, 0, at, at + size);
    yield memory.subarray(0, bytes);
  }
}

async function collect(data: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const copies: Buffer[] = [];
  for await (const piece of data) copies.push(Buffer.from(piece));
  return Buffer.concat(copies);
}

const hash = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

const SIZES = [0, 1, 65_536, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 52 * BLOCK_BYTES + 77];

for (const compression of ['zstd', 'gzip', 'none'] as const satisfies Compression[]) {
  describe(compression, () => {
    for (const bytes of SIZES) {
      test(`${bytes} bytes come back in pieces of any size`, async () => {
        const data = sample(bytes);
        const packed = await collect(compress(inPieces(data, 100_003), compression));
        for (const size of [1 << 20, 997]) {
          if (size < 1_000 && bytes > BLOCK_BYTES) continue;
          const back = await collect(decompress(inOwnPieces(packed, size), compression));
          assert.equal(hash(back), hash(data), `pieces of ${size}`);
        }
      });
    }

    test('a failure of the source is thrown, after which nothing runs on', async () => {
      const failing = async function* (): AsyncGenerator<Uint8Array> {
        yield* inPieces(sample(50 * BLOCK_BYTES), 1 << 20);
        throw new Error('the server is gone');
      };
      await assert.rejects(collect(compress(failing(), compression)), /the server is gone/);
    });

    test('whoever stops reading ends the source', async () => {
      let ended = false;
      const source = async function* (): AsyncGenerator<Uint8Array> {
        try {
          for (;;) yield randomBytes(1 << 20);
        } finally {
          ended = true;
        }
      };
      let pieces = 0;
      for await (const _ of compress(source(), compression)) if (++pieces === 3) break;
      assert.equal(ended, true);
    });
  });
}

/** Readers of files get memory of their own. */
async function* inOwnPieces(data: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < data.byteLength; at += size) yield data.subarray(at, at + size);
}

test('gzip reads what is compressed here', async () => {
  const data = sample(20 * BLOCK_BYTES + 5);
  const packed = await collect(compress(inPieces(data, 1 << 20), 'gzip'));
  assert.equal(hash(execFileSync('gzip', ['-dc'], { input: packed, maxBuffer: 2 ** 28 })), hash(data));
});

test('all frames of others are read, with those that hold nothing', async () => {
  const parts = ['one, ', 'two, ', '', 'three'].map(text => zstdCompressSync(Buffer.from(text)));
  const [one = Buffer.alloc(0), ...rest] = parts;
  const skippable = Buffer.from('502a4d1803000000616263', 'hex');
  const file = Buffer.concat([skippable, one, skippable, ...rest, skippable]);
  for (const size of [file.byteLength, 7, 1]) {
    const back = await collect(decompress(inOwnPieces(file, size), 'zstd'));
    assert.equal(back.toString(), 'one, two, three', `pieces of ${size}`);
  }
});

test('a frame that ends too early, and what is none, are refused', async () => {
  const packed = zstdCompressSync(sample(100_000));
  for (const bytes of [3, 20, packed.byteLength - 1]) {
    const cut = packed.subarray(0, bytes);
    await assert.rejects(collect(decompress(inOwnPieces(cut, 1_000), 'zstd')), `${bytes} bytes`);
  }
  const followed = Buffer.concat([packed, Buffer.from('no frame at all')]);
  await assert.rejects(collect(decompress(inOwnPieces(followed, 1 << 20), 'zstd')));
  await assert.rejects(collect(decompress(inOwnPieces(Buffer.from('no frame'), 3), 'zstd')));
});
