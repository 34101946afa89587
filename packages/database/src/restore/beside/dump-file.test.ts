import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { findDumpFile } from './dump-file.ts';

/** As pzstd, pigz and cat make them: one file of several that were compressed by themselves. */
const PARTS = ['create table one ();\n', 'create table two ();\n', '-- PostgreSQL database dump complete\n'];

for (const [name, pack] of [
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
  ['none', Buffer.from],
] as const) {
  test(`a dump in several parts is read to its end: ${name}`, async t => {
    const place = await mkdtemp(join(tmpdir(), 'hf-dump-file-'));
    t.after(() => rm(place, { recursive: true, force: true }));
    const file = join(place, 'dump.sql');
    await writeFile(file, Buffer.concat(PARTS.map(part => pack(Buffer.from(part)))));
    const { source } = await findDumpFile(file);
    assert.equal(source.kind, 'plain');
    const read = source.kind === 'plain' ? await (await source.open()).toArray() : [];
    assert.equal(Buffer.concat(read).toString(), PARTS.join(''));
  });
}

test('a compressed dump that is cut off fails', async t => {
  const place = await mkdtemp(join(tmpdir(), 'hf-dump-file-'));
  t.after(() => rm(place, { recursive: true, force: true }));
  for (const pack of [gzipSync, zstdCompressSync]) {
    const file = join(place, 'dump.sql');
    const packed = pack(Buffer.from(PARTS.join('')));
    await writeFile(file, packed.subarray(0, packed.byteLength - 6));
    const { source } = await findDumpFile(file);
    await assert.rejects(async () => {
      if (source.kind === 'plain') await (await source.open()).toArray();
    });
  }
});
