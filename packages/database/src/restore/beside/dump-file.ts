import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { HoldfastError } from '@holdfast/core';
import type { Compression } from '../../backup/manifest.ts';
import { decompress } from '../../backup/store/compression.ts';
import type { DumpSource } from '../logical/load-dump.ts';

/** A dump in a file or directory, and when it was written, ISO 8601. */
export interface DumpFile {
  readonly source: DumpSource;
  readonly writtenAt: Date;
}

/**
 * Recognises what pg_dump has written by its first bytes, whatever the file is called: custom and directory format, and plain
 * statements, compressed with gzip or zstd or not. @throws HoldfastError `usage`, `restore_refused`
 */
export async function findDumpFile(path: string): Promise<DumpFile> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new HoldfastError('usage', `There is no file ${path}`);
  const writtenAt = found.mtime;
  if (found.isDirectory()) {
    if (await stat(join(path, 'toc.dat')).catch(() => undefined))
      return { source: { kind: 'archive', path }, writtenAt };
    throw new HoldfastError(
      'restore_refused',
      `${path} is a directory without toc.dat: nothing that pg_dump wrote`,
    );
  }
  return { source: sourceOf(path, await firstBytes(path)), writtenAt };
}

function sourceOf(path: string, first: Buffer): DumpSource {
  if (first.toString('latin1', 0, 5) === 'PGDMP') return { kind: 'archive', path };
  const plain = async () => createReadStream(path);
  const compression = compressionOf(first);
  if (compression === 'none') return { kind: 'plain', open: plain };
  return {
    kind: 'plain',
    open: async () => Readable.from(decompress(createReadStream(path), compression), { objectMode: false }),
  };
}

function compressionOf(first: Buffer): Compression {
  if (first[0] === 0x1f && first[1] === 0x8b) return 'gzip';
  return first.readUInt32LE(0) === 0xfd2fb528 ? 'zstd' : 'none';
}

async function firstBytes(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { buffer } = await file.read(Buffer.alloc(8), 0, 8, 0);
    return buffer;
  } finally {
    await file.close();
  }
}
