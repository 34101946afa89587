import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextRun } from './next-run.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const NOW = Date.parse('2026-05-10T12:00:00Z');
const due = (lastAt?: number, lastGoodAt?: number, random = 0, intervalMs = DAY): number =>
  nextRun({ intervalMs, now: NOW, lastAt, lastGoodAt, random }) - NOW;

test('the first run is some minutes after the start, and sooner than the interval', () => {
  assert.equal(due(), 5 * MINUTE);
  assert.equal(due(undefined, undefined, 0.999, MINUTE) < MINUTE, true);
});

test('an interval lies between good runs, whenever the keeper was restarted', () => {
  assert.equal(due(NOW - DAY / 4, NOW - DAY / 4), (DAY * 3) / 4);
});

test('a run that was missed is made up for soon', () => {
  assert.equal(due(NOW - 3 * DAY, NOW - 3 * DAY), 0);
  assert.equal(due(NOW - 3 * DAY, NOW - 3 * DAY, 0.5), 5 * MINUTE);
});

test('a failed run is tried again after a while, not at once', () => {
  assert.equal(due(NOW, NOW - DAY), 7.5 * MINUTE);
  assert.equal(due(NOW, undefined, 0.5), 15 * MINUTE);
});

test('a clock that was set back does not put it off for longer than the interval', () => {
  assert.equal(due(NOW + 30 * DAY, NOW + 30 * DAY), DAY);
});
