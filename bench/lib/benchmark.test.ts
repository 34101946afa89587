import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alternate, median, summarize } from './benchmark.ts';

test('every side is measured in every round, and each round begins with another', async () => {
  const order: string[] = [];
  const side = (name: string) => ({
    name,
    measure: async () => {
      order.push(name);
      return order.length;
    },
  });
  const samples = await alternate([side('a'), side('b'), side('c')], 2, () => {});
  assert.equal(order.join(''), 'abcbca');
  assert.deepEqual(
    [...samples],
    [
      ['a', [1, 6]],
      ['b', [2, 4]],
      ['c', [3, 5]],
    ],
  );
});

test('the median of odd and even counts', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.ok(Number.isNaN(median([])));
});

test('the ratio is the side by its baseline', () => {
  const about = { benchmark: 'x', unit: 'requests/s', rounds: 1, notes: [] };
  const samples = new Map([
    ['ours', [90]],
    ['theirs', [100]],
  ]);
  const result = summarize(about, samples, [{ side: 'ours', baseline: 'theirs', target: '≥ 0.9' }]);
  assert.equal(result.comparisons[0]?.ratio, 0.9);
});
