import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Statement, splitStatements } from '../sql-script/split-statements.ts';
import { parseCreateIndex, parseDropIndexConcurrently } from './index-statement.ts';

function statement(text: string): Statement {
  const [first] = splitStatements({ file: 'x.sql', text });
  assert.ok(first);
  return first;
}

const CREATE: readonly (readonly [text: string, parts: readonly unknown[] | undefined])[] = [
  ['create index i on a (b)', [false, false, 'i', 'a', '(b)']],
  ['CREATE UNIQUE INDEX CONCURRENTLY i ON s.a (b)', [true, false, 'i', 's.a', '(b)']],
  [
    'create index concurrently if not exists "I ""x" on only "S"."a b" using gin (b) where c',
    [false, true, '"I ""x"', '"S"."a b"', 'using gin (b) where c'],
  ],
  ['create index on a (b)', [false, false, undefined, 'a', '(b)']],
  ['create index concurrently on a(b)', [false, false, undefined, 'a', '(b)']],
  ['create index i /* on x */ on a -- (z)\n (b)', [false, false, 'i', 'a', '(b)']],
  ['create table index (a int)', undefined],
  ['select 1', undefined],
  ['create index i', undefined],
];

describe('parseCreateIndex', () => {
  for (const [text, parts] of CREATE) {
    it(text, () => {
      const parsed = parseCreateIndex(statement(text));
      assert.deepEqual(
        parsed && [parsed.unique, parsed.ifNotExists, parsed.name, parsed.table, parsed.rest],
        parts,
      );
    });
  }
});

describe('parseDropIndexConcurrently', () => {
  it('finds the name', () => {
    const name = (text: string): string | undefined => parseDropIndexConcurrently(statement(text));
    assert.equal(name('drop index concurrently if exists s."I x" restrict'), 's."I x"');
    assert.equal(name('drop index concurrently i'), 'i');
    assert.equal(name('drop index i'), undefined);
  });
});
