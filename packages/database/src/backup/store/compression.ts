import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { Compression } from '../manifest.ts';
import { through } from './through.ts';
import { endingAtFrames } from './zstd-frames.ts';

const CHUNK_BYTES = 1 << 18;

/** What a stored file's name ends with. */
export const COMPRESSION_ENDING: Readonly<Record<Compression, string>> = {
  zstd: '.zst',
  gzip: '.gz',
  none: '',
};

/** The way back from `compress`, and from what other programs make, frame after frame. Fails on data that ends too early. */
export function decompress(
  data: AsyncIterable<Uint8Array>,
  compression: Compression,
): AsyncIterable<Uint8Array> {
  switch (compression) {
    case 'zstd':
      return through(endingAtFrames(data), createZstdDecompress({ chunkSize: CHUNK_BYTES }));
    case 'gzip':
      return through(data, createGunzip({ chunkSize: CHUNK_BYTES }));
    case 'none':
      return data;
  }
}
