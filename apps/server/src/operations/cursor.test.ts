import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import { decodeCursor, encodeCursor, toPage } from './cursor.ts';

const any = (): boolean => true;
const digits = (part: string): boolean => /^\d+$/.test(part);

test('a position survives its way through a cursor', () => {
  assert.deepEqual(decodeCursor(encodeCursor(['ü😀', '42']), [any, digits]), ['ü😀', '42']);
  assert.equal(decodeCursor(undefined, [any]), undefined);
  assert.match(encodeCursor(['ü😀']), /^[\w-]+$/);
});

test('anything else is an invalid cursor', () => {
  const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  for (const cursor of [
    '',
    'x',
    encoded(null),
    encoded({}),
    encoded([1]),
    encoded([]),
    encoded(['1', '2']),
    encoded(['a']),
  ]) {
    assert.throws(
      () => decodeCursor(cursor, [digits]),
      error => isHoldfastError(error, 'invalid_cursor'),
      cursor,
    );
  }
});

test('a page ends where the rows end', () => {
  const page = (rows: readonly string[]) =>
    toPage(
      rows,
      2,
      row => row.toUpperCase(),
      row => [row],
    );
  assert.deepEqual(page([]), { items: [], nextCursor: null });
  assert.deepEqual(page(['a', 'b']), { items: ['A', 'B'], nextCursor: null });
  assert.deepEqual(page(['a', 'b', 'c']), { items: ['A', 'B'], nextCursor: encodeCursor(['b']) });
});
