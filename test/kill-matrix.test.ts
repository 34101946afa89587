import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canMountDisks } from '../scripts/kill-matrix/disk.ts';
import { runMatrix } from '../scripts/kill-matrix/matrix.ts';
import { renderMatrix } from '../scripts/kill-matrix/render.ts';

test('killed and filled up at some moments, nothing is half done, lost or left behind', {
  timeout: 300_000,
}, async t => {
  if (!(await canMountDisks())) {
    t.skip('needs root and mount, for disks that are made full');
    return;
  }
  const result = await runMatrix({
    ...{ seed: 5, moments: 6, only: undefined, minutes: 15 },
    signal: t.signal,
    progress: line => t.diagnostic(line),
  });
  assert.ok(result.passed, renderMatrix(result));
  // the run has really done something
  assert.ok(result.records.length > 0, 'nothing was interrupted');
  assert.ok(result.records.some(({ phase }) => phase.startsWith('undo of a restore')));
  for (const check of [
    'backups restored and compared by a drill',
    'restores to a random position of the WAL, commit by commit',
    'looks for leftovers after the next run',
  ])
    assert.ok((result.checks[check] ?? 0) > 0, check);
});
