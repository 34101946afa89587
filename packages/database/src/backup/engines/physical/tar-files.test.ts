import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { pack } from 'tar-stream';
import { tarFiles } from './tar-files.ts';

const FILES: readonly (readonly [name: string, content: Buffer])[] = [
  ['./PG_VERSION', Buffer.from('18\n')],
  ['base/1/empty', Buffer.alloc(0)],
  ['base/1/block', randomBytes(512)],
  ['base/1/large', randomBytes(2_500_000)],
  [`${'long/'.repeat(19)}base/16384/12345`, randomBytes(513)],
];

async function archive(): Promise<Buffer> {
  const tar = pack();
  tar.entry({ name: 'base/', type: 'directory' });
  for (const [name, content] of FILES) tar.entry({ name }, content);
  tar.entry({ name: 'pg_tblspc/1', type: 'symlink', linkname: '/elsewhere' });
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** In one and the same memory. */
async function* inPieces(data: Buffer, size: number): AsyncGenerator<Uint8Array> {
  const memory = Buffer.alloc(size);
  for (let at = 0; at < data.byteLength; at += size)
    yield memory.subarray(0, data.copy(memory, 0, at, at + size));
}

async function readAll(data: AsyncIterable<Uint8Array>): Promise<[string, Buffer][]> {
  const found: [string, Buffer][] = [];
  for await (const file of tarFiles(data)) {
    const pieces: Buffer[] = [];
    for await (const piece of file.data) pieces.push(Buffer.from(piece));
    found.push([file.name, Buffer.concat(pieces)]);
  }
  return found;
}

test('every regular file comes out as it went in, in pieces of any size', async () => {
  const tar = await archive();
  for (const size of [511, 32_768, tar.byteLength]) {
    assert.deepEqual(await readAll(inPieces(tar, size)), FILES, `pieces of ${size}`);
  }
});

test('files that nobody reads are passed over', async () => {
  const names: string[] = [];
  for await (const { name } of tarFiles(inPieces(await archive(), 4_000))) names.push(name);
  assert.deepEqual(
    names,
    FILES.map(([name]) => name),
  );
});

test('an archive that is cut off or altered fails', async () => {
  const tar = await archive();
  for (const bytes of [100, 700, 200_000]) {
    await assert.rejects(readAll(inPieces(tar.subarray(0, bytes), 1_000)), /too early/, `${bytes} bytes`);
  }
  const altered = Buffer.from(tar);
  altered.writeUInt8(altered.readUInt8(3) ^ 1, 3);
  await assert.rejects(readAll(inPieces(altered, 1_000)), /none/);
});
