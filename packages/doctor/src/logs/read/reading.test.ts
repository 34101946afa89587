import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { findFiles, inRotation } from './find-files.ts';
import { fileSource } from './log-source.ts';
import { readLines } from './read-lines.ts';

async function* chunked(text: string, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function linesOf(chunks: AsyncIterable<Buffer>): Promise<{ text: string; offset: number }[]> {
  const lines: { text: string; offset: number }[] = [];
  await readLines(chunks, (buffer, start, end, offset) => {
    lines.push({ text: buffer.toString('utf8', start, end), offset });
  });
  return lines;
}

async function directory(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-logs-test-'));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

describe('readLines', () => {
  it('gives the same lines and offsets however the bytes are cut', async () => {
    const text = 'one\n\ntwo ü\r\na much longer third line\nlast';
    const whole = await linesOf(chunked(text, 1_000));
    assert.deepEqual(whole, [
      { text: 'one', offset: 0 },
      { text: '', offset: 4 },
      { text: 'two ü', offset: 5 },
      { text: 'a much longer third line', offset: 13 },
      { text: 'last', offset: 38 },
    ]);
    for (let size = 1; size <= text.length; size += 1) {
      assert.deepEqual(await linesOf(chunked(text, size)), whole, `chunks of ${size}`);
    }
  });

  it('cuts a line of more than a mebibyte and goes on with the next', async () => {
    const lines = await linesOf(chunked(`${'x'.repeat(3 << 20)}\nshort\n`, 100_000));
    assert.deepEqual(
      lines.map(({ text }) => text.length),
      [1 << 20, 5],
    );
  });
});

describe('sources', () => {
  it('reads plain, gzip and zstd by their bytes, whatever they are called', async t => {
    const dir = await directory(t);
    const text = 'a line\n'.repeat(1_000);
    const contents = { plain: Buffer.from(text), packed: gzipSync(text), 'zstd.log': zstdCompressSync(text) };
    for (const [name, content] of Object.entries(contents)) {
      await writeFile(join(dir, name), content);
      const source = await fileSource(join(dir, name));
      assert.equal((await linesOf(source.open())).length, 1_000, name);
      assert.equal(source.seekable, name === 'plain');
    }
  });

  it('says so when a compressed file is cut off', async t => {
    const path = join(await directory(t), 'cut.gz');
    const packed = gzipSync(Buffer.from(Array.from({ length: 9_000 }, (_, index) => index % 251)));
    await writeFile(path, packed.subarray(0, packed.length / 2));
    await assert.rejects(linesOf((await fileSource(path)).open()), /unexpected end of file/);
  });
});

describe('findFiles', () => {
  it('puts rotated sets in order, the oldest first', () => {
    const ordered = [
      'a.log.10.gz',
      'a.log.2.zst',
      'a.log.1',
      'a.log',
      'b.log-20260101',
      'b.log-20260203',
      'b.log',
    ];
    assert.deepEqual(inRotation(ordered.toReversed()), ordered);
  });

  it('finds names, patterns and directories once each, and names what is missing', async t => {
    const dir = await directory(t);
    for (const name of ['a.log', 'a.log.1', 'other[1].txt']) await writeFile(join(dir, name), '');
    const found = await findFiles(['a.log*', 'a.log', 'other[1].txt', 'none*'], dir);
    assert.deepEqual(found, {
      files: [join(dir, 'a.log.1'), join(dir, 'a.log'), join(dir, 'other[1].txt')],
      missing: ['none*'],
    });
    assert.equal((await findFiles(['.'], dir)).files.length, 3);
  });
});
