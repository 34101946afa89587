import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPlacer, place, placeInStatement } from './place.ts';

const TEXT = 'a\n\n𝒳ü b\nend';

describe('place', () => {
  it('counts lines and characters from 1', () => {
    const all = [...Array(TEXT.length + 1).keys()].map(createPlacer(TEXT));
    const naive = all.map((_, offset) => {
      const lines = TEXT.slice(0, offset).split('\n');
      return { line: lines.length, column: [...(lines.at(-1) ?? '')].length + 1 };
    });
    assert.deepEqual(all, naive);
    assert.deepEqual(place(TEXT, TEXT.indexOf('b')), { line: 3, column: 4 });
  });
});

describe('placeInStatement', () => {
  it('adds the place of the statement, on its first line alone to the column', () => {
    const start = { line: 10, column: 5 };
    assert.deepEqual(placeInStatement('select x', start, 8), { line: 10, column: 12 });
    assert.deepEqual(placeInStatement("select '𝒳',\n  x", start, 15), { line: 11, column: 3 });
  });
});
