import assert from 'node:assert/strict';
import { test } from 'node:test';
import { equalJitter, fullJitter } from './backoff.ts';

const options = { baseMs: 100, maxMs: 1_000 };

test('full jitter spreads over the whole range below the capped exponential', () => {
  assert.equal(fullJitter(0, { ...options, random: () => 0 }), 0);
  assert.equal(fullJitter(2, { ...options, random: () => 0.5 }), 200);
  assert.equal(fullJitter(50, { ...options, random: () => 0.999 }), 999);
});

test('equal jitter never returns less than half of it', () => {
  assert.equal(equalJitter(1, { ...options, random: () => 0 }), 100);
  assert.equal(equalJitter(50, { ...options, random: () => 0.5 }), 750);
});

test('a negative attempt is the first', () =>
  assert.equal(fullJitter(-3, { ...options, random: () => 0.5 }), 50));
