import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '@holdfast/core';
import { createHistogram } from './histogram.ts';

test('percentiles are at most 2% above the true ones', () => {
  const histogram = createHistogram();
  assert.equal(histogram.percentile(0.5), 0);
  for (let ms = 1_000; ms >= 1; ms -= 1) histogram.record(ms);
  for (const part of [0.01, 0.5, 0.95, 0.99, 1]) {
    const ratio = histogram.percentile(part) / (part * 1_000);
    assert.ok(ratio >= 1 - 1e-9 && ratio <= 1.02, `${part}: ${ratio}`);
  }
  histogram.record(0);
  histogram.record(86_400_000);
  assert.equal(histogram.count(), 1_002);
});

test('the same seed makes the same choices, a fork its own', () => {
  const choices = (seed: number): number[] => {
    const random = createRandom(seed);
    const fork = random.fork();
    return [random.next(), fork.next(), random.between(5, 6), ...random.shuffle([1, 2, 3, 4])];
  };
  assert.deepEqual(choices(1), choices(1));
  assert.notDeepEqual(choices(1), choices(2));
  const [first, , third] = choices(1);
  assert.ok(first !== undefined && first >= 0 && first < 1);
  assert.ok(third !== undefined && third >= 5 && third < 6);
});
