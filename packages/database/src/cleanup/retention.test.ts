import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRetention } from './retention.ts';

const HOUR = 3_600_000;

test('one part or several, as people and as Go write them', () => {
  for (const [text, ms] of [
    ['7d', 168 * HOUR],
    ['336h', 336 * HOUR],
    ['2w', 336 * HOUR],
    ['336h0m0s', 336 * HOUR],
    ['1h30m', 1.5 * HOUR],
    ['1.5h', 1.5 * HOUR],
    ['250ms', 250],
    ['0s', 0],
  ] as const) {
    assert.equal(parseRetention(text), ms, text);
  }
});

test('everything else is refused', () => {
  for (const text of ['', '7', 'd', '-7d', '7 d', '7d ', '1y', '7dd', 'P7D', '1e9d', '36501d', '7d-']) {
    assert.equal(parseRetention(text), undefined, text);
  }
});
