import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createSharedLookup } from './shared-lookup.ts';

/** Answers from `rows` as they are when it is asked, and notes with which keys. */
function recorded(rows: Map<string, number>, maxKeys?: number) {
  const asked: string[][] = [];
  const lookup = createSharedLookup({
    find: async (keys: string[]) => {
      asked.push(keys);
      return keys.flatMap(key => (rows.has(key) ? [{ key, value: rows.get(key) }] : []));
    },
    nameOfKey: key => key,
    nameOfRow: row => row.key,
    ...(maxKeys === undefined ? {} : { maxKeys }),
  });
  return { asked, lookup: async (key: string) => (await lookup(key))?.value };
}

test('the calls of one turn share a statement, each key in it once, and get their own rows', async () => {
  const { asked, lookup } = recorded(
    new Map([
      ['a', 1],
      ['b', 2],
    ]),
  );
  assert.deepEqual(await Promise.all(['a', 'b', 'a', 'c'].map(lookup)), [1, 2, 1, undefined]);
  assert.deepEqual(asked, [['a', 'b', 'c']]);
});

test('a later call reads anew', async () => {
  const rows = new Map([['a', 1]]);
  const { asked, lookup } = recorded(rows);
  assert.equal(await lookup('a'), 1);
  rows.set('a', 2);
  assert.equal(await lookup('a'), 2);
  assert.equal(asked.length, 2);
});

test('a call while a statement is under way does not get its answer', async () => {
  const answers: PromiseWithResolvers<readonly { key: string; value: number }[]>[] = [];
  const lookup = createSharedLookup({
    find: (_keys: string[]) => {
      const answer = Promise.withResolvers<readonly { key: string; value: number }[]>();
      answers.push(answer);
      return answer.promise;
    },
    nameOfKey: key => key,
    nameOfRow: row => row.key,
  });
  const first = lookup('a');
  await nextTurn();
  await nextTurn();
  const second = lookup('a');
  await nextTurn();
  await nextTurn();
  assert.equal(answers.length, 2);
  answers[1]?.resolve([{ key: 'a', value: 2 }]);
  answers[0]?.resolve([{ key: 'a', value: 1 }]);
  assert.deepEqual([(await first)?.value, (await second)?.value], [1, 2]);
});

test('a statement has no more keys than it may', async () => {
  const { asked, lookup } = recorded(new Map([['e', 5]]), 2);
  assert.deepEqual(await Promise.all(['a', 'b', 'c', 'd', 'e'].map(lookup)), [
    undefined,
    undefined,
    undefined,
    undefined,
    5,
  ]);
  assert.deepEqual(asked, [['a', 'b'], ['c', 'd'], ['e']]);
});

test('an error is the error of everybody who shared the statement, and of nobody after them', async () => {
  let broken = true;
  const lookup = createSharedLookup({
    find: async (keys: string[]) => {
      if (broken) throw new Error('gone');
      return keys.map(key => ({ key }));
    },
    nameOfKey: key => key,
    nameOfRow: row => row.key,
  });
  const results = await Promise.allSettled([lookup('a'), lookup('b')]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  broken = false;
  assert.deepEqual(await lookup('a'), { key: 'a' });
});
