import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from './random.ts';

test('the same seed makes the same choices, and a fork disturbs nobody', () => {
  const draw = (seed: number, forked: boolean): number[] => {
    const random = createRandom(seed);
    const other = random.fork();
    if (forked) other.next();
    return [random.next(), random.below(10), random.between(5, 6), other.below(2)];
  };
  assert.deepEqual(draw(7, false).slice(0, 3), draw(7, true).slice(0, 3));
  assert.notDeepEqual(draw(7, false), draw(8, false));
  const numbers = Array.from({ length: 1_000 }, (_, index) => index);
  const shuffled = createRandom(1).shuffle(numbers);
  assert.notDeepEqual(shuffled, numbers);
  assert.deepEqual(
    shuffled.toSorted((a, b) => a - b),
    numbers,
  );
});
