import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoredSample } from './sources.ts';
import { findTrends, withPrediction } from './trends.ts';

const BEGIN = Date.parse('2026-01-01T00:00:00Z');

/** One sample an hour, its value by the hour. */
function hourly(
  hours: number,
  value: (hour: number) => number,
  metric = 'disk_used_percent',
): StoredSample[] {
  return Array.from({ length: hours + 1 }, (_, hour) => ({
    at: new Date(BEGIN + hour * 3_600_000).toISOString(),
    metrics: { disk: { [metric]: value(hour) } },
  }));
}

test('a share that grows by one percent an hour is full when the rest is used up', () => {
  assert.deepEqual(findTrends(hourly(24, hour => 50 + hour)), [
    {
      entry: 'disk',
      metric: 'disk_used_percent',
      now: 74,
      per24Hours: 24,
      in24Hours: 98,
      fullInHours: 26,
      samples: 25,
      hours: 24,
    },
  ]);
});

test('bytes have no end, but a tomorrow', () => {
  const [trend] = findTrends(hourly(12, hour => 1_000 + 10 * hour, 'table_bytes'));
  assert.deepEqual([trend?.in24Hours, trend?.fullInHours], [1_360, null]);
});

test('a share does not fall below nothing or rise above all', () => {
  assert.equal(findTrends(hourly(12, hour => 50 - 4 * hour))[0]?.in24Hours, 0);
  assert.equal(findTrends(hourly(12, hour => 50 + 4 * hour))[0]?.in24Hours, 100);
});

test('too few samples, too short a time, standing still and swinging are no trends', () => {
  assert.deepEqual(findTrends(hourly(10, hour => hour)), []);
  const hurried = hourly(20, hour => hour).map((sample, index) => ({
    ...sample,
    at: new Date(BEGIN + index * 60_000).toISOString(),
  }));
  assert.deepEqual(findTrends(hurried), []);
  assert.deepEqual(findTrends(hourly(24, () => 60)), []);
  assert.deepEqual(findTrends(hourly(24, hour => (hour % 2 === 0 ? 10 : 90))), []);
  assert.deepEqual(findTrends([]), []);
});

test('what is older than two days does not count', () => {
  const samples = [...hourly(100, hour => (hour < 40 ? 90 - hour : 10 + hour * 0.5))];
  const [trend] = findTrends(samples);
  assert.equal(trend?.hours, 48);
  assert.ok((trend?.per24Hours ?? 0) > 11);
});

test('counters are no gauges', () => {
  assert.deepEqual(findTrends(hourly(24, hour => hour * 1_000, 'temp_written_total_bytes')), []);
  assert.deepEqual(findTrends(hourly(24, hour => hour * 1_000, 'deadlocks_total')), []);
});

test('the entry whose share grows says when it is full; others and skipped ones do not', () => {
  const trends = findTrends(hourly(24, hour => 50 + hour));
  const summary = '74 % of the disk';
  assert.equal(
    withPrediction({ id: 'disk', level: 'ok', summary }, trends).summary,
    '74 % of the disk; if it goes on, 98 % in 24 h and full in about 26 h',
  );
  assert.equal(withPrediction({ id: 'other', level: 'ok', summary }, trends).summary, summary);
  assert.equal(withPrediction({ id: 'disk', level: 'skipped', summary }, trends).summary, summary);
});
