import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { type CsvRecord, createCsvReader } from './csv-reader.ts';

function readAll(pieces: readonly string[]): CsvRecord[] {
  const reader = createCsvReader();
  return [...pieces.flatMap(piece => reader.push(piece)), ...reader.end()];
}

const record = (line: number, ...fields: string[]): CsvRecord => ({ kind: 'record', line, fields });

test('records begin where they begin, whatever the line breaks are', () => {
  for (const end of ['\n', '\r\n', '\r']) {
    const text = ['a,b', '"c,""d"""', '', `"x${end}${end}y",z`, 'last'].join(end);
    assert.deepEqual(readAll([text]), [
      record(1, 'a', 'b'),
      record(2, 'c,"d"'),
      record(4, `x${end}${end}y`, 'z'),
      record(7, 'last'),
    ]);
  }
});

test('empty fields are fields, empty lines are nothing', () => {
  assert.deepEqual(readAll(['a,\n,\n""\n\n ,']), [
    record(1, 'a', ''),
    record(2, '', ''),
    record(3, ''),
    record(5, ' ', ''),
  ]);
  assert.deepEqual(readAll(['']), []);
});

test('a malformed line is reported once, and the next line is read', () => {
  const kinds = readAll(['ok\n"a"b,"c"\nd"e\nfine\n"open\nfor ever']).map(({ kind, line }) => [kind, line]);
  assert.deepEqual(kinds, [
    ['record', 1],
    ['malformed', 2],
    ['malformed', 3],
    ['record', 4],
    ['malformed', 5],
  ]);
});

const field = fc.string({ unit: fc.constantFrom('a', 'é', '😀', ',', '"', '\n', '\r', ' '), maxLength: 8 });

test('whatever is written as CSV is read back, in pieces of any size', () => {
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const property = fc.property(
    fc.array(fc.array(field, { minLength: 1, maxLength: 4 }), { maxLength: 6 }),
    fc.constantFrom('\n', '\r\n'),
    fc.integer({ min: 1, max: 7 }),
    (rows, end, size) => {
      const text = rows.map(row => row.map(quoted).join(',')).join(end);
      const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
      const found = readAll(pieces);
      assert.deepEqual(
        found.map(item => (item.kind === 'record' ? item.fields : [])),
        rows,
      );
      assert.deepEqual(found, readAll([text]));
    },
  );
  fc.assert(property, { numRuns: 500 });
});
