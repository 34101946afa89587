import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sameButForCasts, sameValue } from './same-value.ts';

const OLD = ' SELECT o.id,\n    o.total\n   FROM app.orders o\n  WHERE (o.state = ANY (ARRAY[1, 2]));';
const NEW = ' SELECT id,\n    total\n   FROM app.orders o\n  WHERE (state = ANY (ARRAY[1, 2]));';

describe('sameValue', () => {
  it('compares definitions of different versions by their meaning, of one version as they are', () => {
    assert.equal(sameValue('definition', OLD, NEW, true), true);
    assert.equal(sameValue('definition', OLD, NEW, false), false);
    assert.equal(sameValue('definition', OLD, NEW.replace('total', 'taxes'), true), false);
    assert.equal(sameValue('definition', OLD, NEW.replace('2', '3'), true), false);
    assert.equal(sameValue('definition', 'CHECK ((t.a > 0))', 'CHECK (a > 0)', true), true);
    assert.equal(sameValue('definition', 'CHECK ((t.a > 0))', 'CHECK (a > 1)', true), false);
    assert.equal(sameValue('default', '(a.b + 1)', '(b + 1)', true), true);
  });

  it('passes over the privilege that PostgreSQL 17 added', () => {
    const [before, after] = [{ app: 'INSERT, SELECT' }, { app: 'INSERT, MAINTAIN, SELECT' }];
    assert.equal(sameValue('privileges', before, after, true), true);
    assert.equal(sameValue('privileges', before, after, false), false);
    assert.equal(sameValue('privileges', before, { app: 'INSERT, SELECT, MAINTAIN' }, true), true);
  });

  it('takes the order of members for nothing, and that of entries for something', () => {
    assert.equal(sameValue('privileges', { a: '1', b: '2' }, { b: '2', a: '1' }, false), true);
    assert.equal(sameValue('labels', ['a', 'b'], ['b', 'a'], false), false);
  });
});

it('sameButForCasts passes over casts and parentheses alone', () => {
  const [one, other] = ["((state)::text = 'a'::text)", "(state = 'a'::bpchar)"];
  assert.equal(sameButForCasts(one, other), true);
  assert.equal(sameButForCasts(one, "(state = 'b'::bpchar)"), false);
  assert.equal(sameButForCasts("'x'::character varying(20)", '\'x\'::app."Mood"'), true);
});
