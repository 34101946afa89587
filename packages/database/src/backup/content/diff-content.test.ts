import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DatabaseContent, TableContent } from '../manifest.ts';
import { diffContent } from './diff-content.ts';

function content(tables: Readonly<Record<string, Partial<TableContent>>>): DatabaseContent {
  const whole = Object.entries(tables).map(([name, table]) => ({
    schema: 'public',
    name,
    columnsHash: 'c',
    rows: 1,
    checksum: '1',
    ...table,
  }));
  return { name: 'db', tables: whole } as unknown as DatabaseContent;
}

test('what became of each table', () => {
  const before = content({ a: {}, b: {}, c: {}, d: {}, e: { checksum: null }, gone: { rows: 5 } });
  const after = content({
    a: {},
    b: { rows: 2 },
    c: { checksum: '2' },
    d: { columnsHash: 'x' },
    e: {},
    new: {},
  });
  assert.deepEqual(
    diffContent(before, after).map(({ name, kind, rowsBefore, rowsAfter }) => [
      name,
      kind,
      rowsBefore,
      rowsAfter,
    ]),
    [
      ['a', 'same', 1, 1],
      ['b', 'rows', 1, 2],
      ['c', 'rows', 1, 1],
      ['d', 'columns', 1, 1],
      ['e', 'unknown', null, 1],
      ['gone', 'missing', 5, null],
      ['new', 'new', null, 1],
    ],
  );
});

test("Holdfast's own record is no difference", () => {
  const record = { restores: { schema: 'holdfast_ledger' } };
  assert.deepEqual(diffContent(content({}), content(record)), []);
  assert.deepEqual(diffContent(content(record), content({})), []);
});
