import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findLines, readTail } from './read-tail.ts';

test('lines are found far before the end that is read, also across the pieces that are read at a time', async t => {
  const directory = await mkdtemp(join(tmpdir(), 'hf-tail-'));
  t.after(() => rm(directory, { recursive: true }));
  const path = join(directory, 'server.log');
  const filler = `${'x'.repeat(99)}\n`.repeat(20_000);
  const wanted = ['first "listening"', `${'y'.repeat(1_500_000)} "listening"`, 'last "listening"'];
  await writeFile(path, `${wanted[0]}\n${filler}${wanted[1]}\n${filler}${wanted[2]}\n${filler}`);
  assert.deepEqual(await findLines(path, '"listening"'), { lines: wanted, whole: true });
  const tail = await readTail(path);
  assert.ok(tail.length > 2_000 && tail.every(line => line === 'x'.repeat(99)));
});

test('a line that is not complete yet is not found', async t => {
  const directory = await mkdtemp(join(tmpdir(), 'hf-tail-'));
  t.after(() => rm(directory, { recursive: true }));
  const path = join(directory, 'server.log');
  await writeFile(path, 'one "listening"\ntwo "listening"');
  assert.deepEqual((await findLines(path, '"listening"')).lines, ['one "listening"']);
});
