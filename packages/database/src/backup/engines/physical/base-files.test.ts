import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { BackupWriter } from '../../backup-repository.ts';
import { storeUnpacked } from './base-files.ts';
import { tarOfFiles } from './tar-of-files.ts';

/** Small ones, some that are larger than what is held in memory, and one without content. */
const SIZES = [0, ...Array.from({ length: 40 }, (_, n) => (n % 9 === 5 ? 1_500_000 + n : 100 + n))];
const contentOf = (index: number): Buffer => Buffer.alloc(SIZES[index] ?? 0, `file ${index} `);

async function* files() {
  for (const [index, bytes] of SIZES.entries()) {
    yield { name: `./base/1/${index}`, bytes, data: only(contentOf(index)) };
  }
}

async function* only(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}

type Write = (path: string, content: Buffer) => Promise<void>;

/** Only what is asked of it; each write keeps its bytes before it asks for more. */
function writerThat(finish: Write): BackupWriter {
  const write = async (path: string, data: AsyncIterable<Uint8Array>) => {
    const pieces: Buffer[] = [];
    for await (const piece of data) pieces.push(Buffer.from(piece));
    await finish(path, Buffer.concat(pieces));
    return { path, bytes: 0, originalBytes: null, sha256: '' };
  };
  return { write } as unknown as BackupWriter;
}

test('every file is stored as it was, several at once but not all', async () => {
  const stored = new Map<string, Buffer>();
  let [now, most] = [0, 0];
  const writer = writerThat(async (path, content) => {
    most = Math.max(most, ++now);
    await delay(1);
    now -= 1;
    stored.set(path, content);
  });
  await storeUnpacked(tarOfFiles(files()), writer);
  assert.equal(stored.size, SIZES.length);
  for (const index of SIZES.keys()) assert.deepEqual(stored.get(`data/base/1/${index}`), contentOf(index));
  assert.ok(most > 1 && most <= 16, `${most} at once`);
});

for (const [what, failing] of [
  ['small', 3],
  ['large', 6],
  ['last', SIZES.length - 1],
] as const) {
  test(`a ${what} file that cannot be stored fails it all`, async () => {
    const writer = writerThat(async path => {
      await delay(1);
      if (path === `data/base/1/${failing}`) throw new Error('no space');
    });
    await assert.rejects(storeUnpacked(tarOfFiles(files()), writer), /^Error: no space$/);
  });
}
