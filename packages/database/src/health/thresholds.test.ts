import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import { defineEntry } from './entry.ts';
import {
  assertThresholds,
  mergeThresholds,
  parseThresholdFile,
  parseThresholds,
  selectEntries,
  thresholdsOf,
} from './thresholds.ts';

const entry = (number: number, id: string, thresholds: Record<string, number>) =>
  defineEntry({
    ...{ number, id, thresholds, area: 'pool', title: id, meaning: id, quick: true },
    check: async () => ({ level: 'ok', summary: '' }),
  });
const ENTRIES = [entry(1, 'one', { warn: 1, critical: 2 }), entry(2, 'two', {})];

const usage = (pattern: RegExp) => (error: unknown) =>
  isHoldfastError(error, 'usage') && pattern.test(error.message);

test('several limits on one line, later ones over earlier ones, over the defaults', () => {
  const overrides = mergeThresholds([parseThresholds('one.warn=5, one.critical=6.5'), { one: { warn: 7 } }]);
  assert.deepEqual(overrides, { one: { warn: 7, critical: 6.5 } });
  assert.deepEqual(thresholdsOf(ENTRIES[0] ?? assert.fail(), { one: { warn: 7 } }), { warn: 7, critical: 2 });
});

test('what is no threshold is refused with its text', () => {
  for (const text of ['one', 'one.warn', 'one.warn=', 'one.warn=x', 'one.warn=NaN', '=3']) {
    assert.throws(() => parseThresholds(text), usage(/is no threshold/), text);
  }
});

test('unknown names are all named at once, with what was meant', () => {
  const suggest = (word: string) => (word === 'wran' ? 'warn' : undefined);
  assert.throws(
    () => assertThresholds(ENTRIES, { one: { wran: 1 }, three: { a: 1 }, two: { a: 1 } }, suggest),
    usage(
      /^The entry one has no threshold "wran"\. Did you mean warn\?\nThere is no health entry "three"\. There are: one, two\nThe entry two has no threshold "a"; it has none$/,
    ),
  );
});

test('entries are chosen by id or number, in their own order', () => {
  assert.deepEqual(selectEntries(ENTRIES, ['2', 'one']), ENTRIES);
  assert.throws(() => selectEntries(ENTRIES, ['thr', '3']), usage(/"thr".*"3"/s));
});

test('a file is an object of objects of numbers', () => {
  assert.deepEqual(parseThresholdFile('{"one":{"warn":3}}', 'f'), { one: { warn: 3 } });
  for (const text of ['', '[]', '{"one":3}', '{"one":{"warn":"3"}}']) {
    assert.throws(() => parseThresholdFile(text, 'limits.json'), /^HoldfastError: limits\.json/, text);
  }
});
