import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHoldfastError } from '@holdfast/core';
import { parseTimelineHistory } from './timeline-history.ts';

test('the history of a timeline names its ancestors and where each was left', () => {
  const text = '1\t0/30000C8\tno recovery target specified\n\n# by hand\n3\t1/4F000000\tbefore 2026-11-21\n';
  assert.deepEqual(parseTimelineHistory(text), [
    { timeline: 1, lsn: 0x30000c8n },
    { timeline: 3, lsn: 0x1_4f000000n },
  ]);
  assert.deepEqual(parseTimelineHistory(''), []);
});

test('a history that makes no sense is refused', () => {
  for (const text of ['x\t0/1\n', '1\n', '2\t0/1\tx\n1\t0/2\tx\n']) {
    assert.throws(
      () => parseTimelineHistory(text),
      error => isHoldfastError(error, 'replication_failed'),
      text,
    );
  }
});
