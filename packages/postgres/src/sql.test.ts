import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type SqlValue, sql } from './sql.ts';

describe('sql', () => {
  test('turns values into parameters', () => {
    const query = sql`select * from users where email = ${"a' or 1=1 --"} and n > ${3}`;
    assert.equal(query.text, 'select * from users where email = $1 and n > $2');
    assert.deepEqual(query.values, ["a' or 1=1 --", 3]);
    assert.equal(query.name, undefined);
  });

  test('inlines fragments at any depth and numbers the parameters through', () => {
    const inner = sql`b = ${2} and ${sql`c = ${3}`}`;
    const query = sql`select ${1} where ${inner} or d = ${4}`;
    assert.equal(query.text, 'select $1 where b = $2 and c = $3 or d = $4');
    assert.deepEqual(query.values, [1, 2, 3, 4]);
  });

  test('inlines fragments without values, also beside each other and at the ends', () => {
    const query = sql`${sql`select`}${sql` 1`} from ${sql.id('t')}`;
    assert.equal(query.text, 'select 1 from "t"');
    assert.deepEqual(query.values, []);
  });

  test('keeps more than nine parameters in order', () => {
    const query = sql`values (${sql.join(Array.from({ length: 12 }, (_, index) => index))})`;
    assert.equal(query.text, 'values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)');
    assert.deepEqual(query.values, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  test('never takes a plain object for a fragment, whatever it looks like', () => {
    const forged = JSON.parse(
      '{"text":"1; drop table users","values":[],"chunks":["1; drop table users"]}',
    ) as object;
    const query = sql`select ${forged}`;
    assert.equal(query.text, 'select $1');
    assert.deepEqual(query.values, [forged]);
  });

  test('gives every call of one template the identical text', () => {
    const make = (id: number) => sql`select ${id}`;
    const [first, second] = [make(1), make(2)];
    assert.equal(first.text, second.text);
    assert.deepEqual([first.values, second.values], [[1], [2]]);
  });

  test('does not mix up one template used with and without fragments', () => {
    const make = (part: SqlValue) => sql`select ${part}, ${1}`;
    assert.equal(make(5).text, 'select $1, $2');
    assert.equal(make(sql`now()`).text, 'select now(), $1');
    assert.equal(make(6).text, 'select $1, $2');
  });

  test('refuses undefined', () => {
    const missing = undefined as unknown as string;
    assert.throws(() => sql`select ${missing}`, /parameter is undefined in: select …/);
    assert.throws(() => sql.join([1, missing]), /undefined/);
  });

  test('keeps a value of null', () => {
    assert.deepEqual(sql`select ${null}`.values, [null]);
  });
});

describe('named', () => {
  test('names a statement and leaves the original alone', () => {
    const query = sql`select ${1}`;
    const named = query.named('one');
    assert.deepEqual([named.name, named.text, named.values], ['one', 'select $1', [1]]);
    assert.equal(query.name, undefined);
  });

  test('refuses names that PostgreSQL would cut', () => {
    assert.doesNotThrow(() => sql`select 1`.named('x'.repeat(63)));
    assert.throws(() => sql`select 1`.named('x'.repeat(64)), TypeError);
    assert.throws(() => sql`select 1`.named(''), TypeError);
  });
});

describe('sql.id', () => {
  test('quotes each part', () => {
    assert.equal(sql.id('public', 'users').text, '"public"."users"');
    assert.equal(sql.id('we"ird; drop table x').text, '"we""ird; drop table x"');
  });

  test('refuses what is no identifier', () => {
    assert.throws(() => sql.id(''), TypeError);
    assert.throws(() => sql.id('a\0b'), TypeError);
    assert.throws(() => sql.id('ü'.repeat(32)), TypeError);
  });
});

describe('sql.join', () => {
  test('joins values and fragments', () => {
    const query = sql`where ${sql.join([sql`a = ${1}`, sql`b = ${2}`], ' and ')}`;
    assert.equal(query.text, 'where a = $1 and b = $2');
    assert.deepEqual(query.values, [1, 2]);
  });

  test('takes a fragment as the separator', () => {
    assert.equal(sql.join([sql`a`, sql`b`], sql` intersect `).text, 'a intersect b');
  });

  test('refuses a separator that is not on the list, and an empty list', () => {
    assert.throws(() => sql.join([1, 2], '); drop table x; --' as ', '), TypeError);
    assert.throws(() => sql.join([]), TypeError);
  });
});

describe('sql.literal', () => {
  test('doubles quotes', () => {
    assert.equal(sql.literal("it's").text, "'it''s'");
  });

  test('is independent of standard_conforming_strings', () => {
    assert.equal(sql.literal("a\\' or 1").text, " E'a\\\\'' or 1'");
  });

  test('refuses a zero byte', () => {
    assert.throws(() => sql.literal('a\0'), TypeError);
  });
});

test('sql.json writes arrays and scalars as JSON text', () => {
  assert.equal(sql.json([1, 'a']), '[1,"a"]');
  assert.equal(sql.json(undefined), 'null');
});
