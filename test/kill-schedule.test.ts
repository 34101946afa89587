import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canMountDisks } from '../scripts/kill-matrix/disk.ts';
import { runMatrix } from '../scripts/kill-matrix/matrix.ts';
import { renderMatrix } from '../scripts/kill-matrix/render.ts';

// the shortest interval is a minute, and the keeper looks twice in it
test('a scheduled backup that is interrupted leaves nothing half done, and the schedule goes on', {
  timeout: 480_000,
}, async t => {
  if (!(await canMountDisks())) {
    t.skip('needs root and mount, for disks that are made full');
    return;
  }
  const result = await runMatrix({
    ...{ seed: 6, moments: 1, minutes: 5 },
    only: 'schedule',
    signal: t.signal,
    progress: line => t.diagnostic(line),
  });
  assert.ok(result.passed, renderMatrix(result));
  assert.deepEqual(
    result.records.map(({ phase }) => phase),
    ['scheduled backup'],
  );
});
