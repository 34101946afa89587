import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createLineFile, parseLines } from './line-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'holdfast-lines-'));
after(() => rmSync(directory, { recursive: true }));

test('lines are kept in order and read back', async () => {
  const file = createLineFile({ path: join(directory, 'order'), maxBytes: 1_000 });
  for (let index = 0; index < 20; index += 1) file.append(`{"index":${index}}`);
  await file.flush();
  const indexes = parseLines<{ index: number }>(await file.read()).map(({ index }) => index);
  assert.deepEqual(
    indexes,
    Array.from({ length: 20 }, (_, index) => index),
  );
});

test('the file is only for its owner', async () => {
  const path = join(directory, 'mode');
  const file = createLineFile({ path, maxBytes: 1_000 });
  file.append('x');
  await file.flush();
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('a full file is rotated once and the newest lines stay', async () => {
  const path = join(directory, 'rotated');
  const file = createLineFile({ path, maxBytes: 50 });
  for (let index = 0; index < 30; index += 1) {
    file.append(`line-${index}`);
    await file.flush();
  }
  const lines = await file.read();
  assert.equal(lines.at(-1), 'line-29');
  assert.ok(lines.length < 20, `${lines.length} lines are kept`);
  assert.ok(statSync(path).size + statSync(`${path}.1`).size < 150);
});

test('half a line left by a crash does not spoil the next one', async () => {
  const path = join(directory, 'torn');
  appendFileSync(path, '{"a":1}\n{"b":');
  const file = createLineFile({ path, maxBytes: 1_000 });
  file.append('{"c":3}');
  await file.flush();
  assert.deepEqual(parseLines(await file.read()), [{ a: 1 }, { c: 3 }]);
});

test('a file that cannot be written costs lines, tells once, and works again later', async () => {
  const path = join(directory, 'missing', 'file');
  const troubles: unknown[] = [];
  const file = createLineFile({ path, maxBytes: 1_000, onTrouble: error => troubles.push(error) });
  file.append('lost');
  await file.flush();
  file.append('lost, too');
  await file.flush();
  assert.equal(troubles.length, 1);
  mkdirSync(join(directory, 'missing'));
  file.append('kept');
  await file.flush();
  assert.equal(readFileSync(path, 'utf8').trim(), 'kept');
});
