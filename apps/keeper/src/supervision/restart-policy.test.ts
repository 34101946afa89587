import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRestartPolicy, type RestartPolicyOptions } from './restart-policy.ts';

const OPTIONS: RestartPolicyOptions = {
  baseMs: 100,
  maxMs: 1_000,
  loopExits: 4,
  loopWindowMs: 60_000,
  loopDelayMs: 9_000,
  stableMs: 10_000,
  random: () => 1,
};

test('the first restart is at once, the next ones wait longer and longer', () => {
  const policy = createRestartPolicy(OPTIONS);
  assert.deepEqual(policy.afterExit(0, 0), { kind: 'restart', attempt: 1, delayMs: 0 });
  assert.deepEqual(policy.afterExit(10, 0), { kind: 'restart', attempt: 2, delayMs: 100 });
  assert.deepEqual(policy.afterExit(200, 0), { kind: 'restart', attempt: 3, delayMs: 200 });
});

test('jitter takes at most half of the delay away', () => {
  const policy = createRestartPolicy({ ...OPTIONS, random: () => 0 });
  policy.afterExit(0, 0);
  assert.deepEqual(policy.afterExit(10, 0), { kind: 'restart', attempt: 2, delayMs: 50 });
});

test('many short lives within the window are a crash loop, which lasts until a life was stable', () => {
  const policy = createRestartPolicy(OPTIONS);
  for (const at of [0, 1_000, 2_000]) policy.afterExit(at, 500);
  assert.deepEqual(policy.afterExit(3_000, 500), { kind: 'crash-loop', exits: 4, delayMs: 9_000 });
  assert.deepEqual(policy.afterExit(100_000, 500), { kind: 'crash-loop', exits: 5, delayMs: 9_000 });
  assert.deepEqual(policy.afterExit(200_000, 10_000), { kind: 'restart', attempt: 1, delayMs: 0 });
});

test('exits that are far apart are no crash loop', () => {
  const policy = createRestartPolicy(OPTIONS);
  for (let at = 0; at < 10; at += 1) {
    assert.deepEqual(policy.afterExit(at * 60_000, 500), { kind: 'restart', attempt: 1, delayMs: 0 });
  }
});
