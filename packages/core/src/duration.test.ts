import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, parseDuration } from './duration.ts';

test('durations are read with their unit and written back', () => {
  const cases: [string, number][] = [
    ['500ms', 500],
    ['30s', 30_000],
    ['15m', 900_000],
    ['336h', 1_209_600_000],
    ['7d', 604_800_000],
  ];
  for (const [text, ms] of cases) assert.equal(parseDuration(text), ms);
  assert.equal(parseDuration('1.5h'), 5_400_000);
  assert.equal(formatDuration(1_209_600_000), '14d');
  assert.equal(formatDuration(0), '0ms');
  assert.equal(formatDuration(1_500), '1500ms');
});

test('a bare number and nonsense are no durations', () => {
  for (const text of ['', '900', '5 parsecs', '-1s', 's', '1h30m', '1e3s'])
    assert.equal(parseDuration(text), undefined, text);
});
