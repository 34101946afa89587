import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findChains } from './blocking-chains.ts';
import type { WaitingRow } from './blocking-queries.ts';

const waits = (pid: number, seconds: number, ...blockers: number[]): WaitingRow => ({
  ...{ pid, seconds, blockers, target: 'relation public.a', mode: 'ShareLock' },
});

const outline = (...rows: WaitingRow[]): unknown[] =>
  findChains(rows).map(({ root, waiting }) => [root, waiting.map(({ pid }) => pid)]);

test('everybody behind a root belongs to its chain, the longest wait first', () => {
  assert.deepEqual(outline(waits(2, 5, 1), waits(3, 9, 2), waits(4, 7, 3)), [[1, [3, 4, 2]]]);
});

test('who waits for two roots is in both chains', () => {
  assert.deepEqual(outline(waits(3, 5, 1, 2), waits(4, 9, 2)), [
    [2, [4, 3]],
    [1, [3]],
  ]);
});

test('a prepared transaction is the root 0', () => {
  assert.deepEqual(outline(waits(3, 5, 0)), [[0, [3]]]);
});

test('a cycle without a root is named by its smallest pid', () => {
  assert.deepEqual(outline(waits(8, 1, 9), waits(9, 2, 8)), [[8, [9, 8]]]);
});
