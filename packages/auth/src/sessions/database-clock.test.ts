import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDatabaseClock } from './database-clock.ts';

function manualClock() {
  const time = { wall: 5_000_000, monotonic: 100 };
  const clock = { now: () => time.wall, monotonic: () => time.monotonic, sleep: async () => undefined };
  return { time, clock: createDatabaseClock(clock) };
}

test('before the first observation it is the local clock', () => {
  const { time, clock } = manualClock();
  assert.equal(clock.now(), time.wall);
});

test('afterwards it is the database time, whatever the local clock does', () => {
  const { time, clock } = manualClock();
  clock.observe(9_000_000, 100, 110);
  time.monotonic = 1_105;
  time.wall = 1;
  assert.equal(clock.now(), 9_001_000);
});

test('a slower answer does not replace a better one until that is old', () => {
  const { time, clock } = manualClock();
  clock.observe(9_000_000, 100, 102);
  clock.observe(9_999_999, 200, 1_200);
  time.monotonic = 1_201;
  assert.equal(clock.now(), 9_001_100);
  clock.observe(20_000_000, 70_000, 70_100);
  time.monotonic = 70_050;
  assert.equal(clock.now(), 20_000_000);
});
