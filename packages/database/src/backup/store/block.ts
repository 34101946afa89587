import { type ZlibOptions, type ZstdOptions, constants as zlibConstants } from 'node:zlib';

/** How blocks are compressed: each a zstd frame of its own, or a part of one gzip file that ends at a byte. */
export type BlockMethod = 'zstd' | 'gzip';

/** A block on its way to a thread or back. */
export interface WorkedBlock {
  readonly slab: ArrayBuffer;
  /** How many bytes of it, from its beginning. */
  readonly used: number;
}

/** Large against the window of zstd at its level, small against the memory. */
export const BLOCK_BYTES = 2 << 20;
/** What a block can grow to when there is nothing to gain, and room to spare. */
export const SLAB_BYTES = BLOCK_BYTES + (64 << 10);

/** Of zstd and gzip, as pg_basebackup and pg_dump have them by default: fast, and most of what there is to gain. */
const ZSTD_LEVEL = 3;
const GZIP_LEVEL = 6;

export function blockOptions(method: BlockMethod): ZstdOptions & ZlibOptions {
  return method === 'zstd'
    ? {
        chunkSize: SLAB_BYTES,
        params: {
          [zlibConstants.ZSTD_c_compressionLevel]: ZSTD_LEVEL,
          [zlibConstants.ZSTD_c_checksumFlag]: 1,
        },
      }
    : { chunkSize: SLAB_BYTES, level: GZIP_LEVEL, finishFlush: zlibConstants.Z_SYNC_FLUSH };
}
