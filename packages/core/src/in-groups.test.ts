import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { inGroups } from './in-groups.ts';

test('everything is done, never more at a time than allowed', async () => {
  const done: number[] = [];
  let running = 0;
  let most = 0;
  await inGroups([1, 2, 3, 4, 5, 6, 7], 3, async item => {
    running += 1;
    most = Math.max(most, running);
    await turn();
    running -= 1;
    done.push(item);
  });
  assert.deepEqual(done.toSorted(), [1, 2, 3, 4, 5, 6, 7]);
  assert.equal(most, 3);
});

test('after a failure nothing is begun, and what was begun has ended', async () => {
  const [begun, ended]: [number[], number[]] = [[], []];
  const failure = new Error('no');
  await assert.rejects(
    inGroups([1, 2, 3, 4], 2, async item => {
      begun.push(item);
      if (item === 1) throw failure;
      await turn();
      ended.push(item);
    }),
    failure,
  );
  assert.deepEqual([begun, ended], [[1, 2], [2]]);
});
