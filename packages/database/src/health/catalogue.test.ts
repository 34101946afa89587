import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CATALOGUE, catalogueProblems } from './catalogue.ts';

const LAST = 69;

test(`the catalogue has every number from 1 to ${LAST} once, and every id once`, () => {
  assert.deepEqual(catalogueProblems(CATALOGUE, LAST), []);
});

const FLOORS = new Set(['tls-expiry.warnDays']);

test('every entry says what it means, and its limits are in order', () => {
  for (const { id, title, meaning, thresholds } of CATALOGUE) {
    assert.ok(title.length > 0 && meaning.endsWith('.'), id);
    for (const [name, value] of Object.entries(thresholds)) {
      const critical = thresholds[name.replace('warn', 'critical')];
      // what is bad when it is low is critical below its warning
      const isFloor = name.includes('Below') || FLOORS.has(`${id}.${name}`);
      if (name.startsWith('warn') && critical !== undefined && !isFloor)
        assert.ok(value <= critical, `${id}.${name}`);
    }
  }
});

test('gaps, strangers and doubles are found', () => {
  const [first, second] = CATALOGUE;
  assert.ok(first !== undefined && second !== undefined);
  assert.deepEqual(catalogueProblems([first, first, { ...second, number: 9 }], 2), [
    '2 is missing',
    '9 is unknown',
    '1 is there twice',
    'round-trip is there twice',
  ]);
});
