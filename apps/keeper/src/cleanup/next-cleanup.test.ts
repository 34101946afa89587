import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextCleanup } from './next-cleanup.ts';

const at = (text: string): number => Date.parse(`2026-05-${text}Z`);
const due = (now: string, last?: string, failed = false, random = 0): string =>
  new Date(
    nextCleanup({
      hour: 3,
      now: at(now),
      last: last === undefined ? undefined : { at: at(last), failed },
      random,
    }),
  )
    .toISOString()
    .slice(8, 19);

test('the first run is within the next such hour', () => {
  assert.equal(due('10T01:00:00'), '10T03:00:00');
  assert.equal(due('10T01:00:00', undefined, false, 0.5), '10T03:30:00');
  assert.equal(due('10T03:00:01'), '11T03:00:00');
  assert.equal(due('10T23:59:59'), '11T03:00:00');
});

test('one run a day, whenever in its hour the last one was', () => {
  assert.equal(due('10T03:20:00', '10T03:10:00'), '11T03:00:00');
  assert.equal(due('10T03:20:00', '09T03:59:59', false, 0.5), '10T03:30:00');
  assert.equal(due('10T12:00:00', '10T04:30:00'), '11T03:00:00');
});

test('a run that was missed is made up for soon', () => {
  assert.equal(due('10T12:00:00', '08T03:10:00'), '10T12:00:00');
  assert.equal(due('10T12:00:00', '08T03:10:00', false, 0.5), '10T12:05:00');
});

test('a failed run is tried again after a while', () => {
  assert.equal(due('10T03:10:00', '10T03:10:00', true), '10T03:17:30');
  assert.equal(due('10T03:10:00', '10T03:10:00', true, 0.999), '10T03:32:29');
});

test('a clock that was set back does not put it off', () => {
  assert.equal(due('10T01:00:00', '20T03:10:00'), '10T03:00:00');
});
