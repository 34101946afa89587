import assert from 'node:assert/strict';
import { test } from 'node:test';
import { remedyLines } from './remedy-lines.ts';

const LONG = `select ${'a, '.repeat(60)}b from t;`;

test('a statement stays in one line, however long it is', () => {
  assert.deepEqual(remedyLines(`-- first\n${LONG}\nholdfast cleanup`), [
    '  → what helps:',
    '    -- first',
    `    ${LONG}`,
    '    holdfast cleanup',
  ]);
});

test('each line of a long comment is one', () => {
  const lines = remedyLines(`-- ${'word '.repeat(40).trim()}\n${LONG}`);
  assert.equal(lines.length, 4);
  for (const line of lines.slice(1, 3)) assert.match(line, /^ {4}-- (word ?)+$/);
  assert.ok(lines.slice(0, 3).every(line => line.length <= 110));
});

test('prose alone is wrapped as prose', () => {
  const [first, second, ...rest] = remedyLines(`-- ${'word '.repeat(30).trim()}`);
  assert.match(first ?? '', /^ {2}→ word/);
  assert.match(second ?? '', /^ {4}word/);
  assert.deepEqual(rest, []);
});

test('the body of a function is printed as it is', () => {
  const body = `create function f() returns int language sql as $$\n-- ${'word '.repeat(40)}\nselect 1$$;`;
  assert.equal(
    remedyLines(body)
      .slice(1)
      .map(line => line.slice(4))
      .join('\n'),
    body,
  );
});
