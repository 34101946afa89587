import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { copyChunks, copyLine } from './copy-text.ts';

describe('copyLine', () => {
  test('writes each kind of value as PostgreSQL reads it', () => {
    const moment = new Date('2026-01-02T03:04:05.678Z');
    const line = copyLine(['a', 1.5, 7n, true, false, null, moment, Buffer.from([0, 255]), { a: 1 }]);
    assert.equal(line, 'a\t1.5\t7\tt\tf\t\\N\t2026-01-02T03:04:05.678Z\t\\\\x00ff\t{"a":1}');
  });

  test('escapes what separates columns and rows', () => {
    assert.equal(copyLine(['a\tb\nc\rd\\e', '\\N', '\\.']), 'a\\tb\\nc\\rd\\\\e\t\\\\N\t\\\\.');
  });

  test('writes arrays, nested and with whatever text', () => {
    assert.equal(copyLine([['a', 'b"c\\', null, 'NULL', '']]), '{"a","b\\\\"c\\\\\\\\",NULL,"NULL",""}');
    assert.equal(copyLine([[[1, 2], [3]]]), '{{"1","2"},{"3"}}');
  });

  test('refuses what PostgreSQL cannot store', () => {
    assert.throws(() => copyLine(['a\0b']), /NUL/);
    assert.throws(() => copyLine([undefined as never]), /undefined/);
  });
});

test('chunks hold whole lines in order', () => {
  const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}`);
  const chunks = [...copyChunks(lines)];
  assert.ok(chunks.length > 1 && chunks.length < 10, `${chunks.length} chunks`);
  assert.ok(chunks.every(chunk => chunk.endsWith('\n')));
  assert.equal(chunks.join(''), `${lines.join('\n')}\n`);
});
