import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSoak } from '../scripts/soak/soak.ts';
import { renderVerdict } from '../scripts/soak/verdict.ts';

test('a minute of faults logs nobody out and brings no revoked session back', async t => {
  const progress = (line: string): void => t.diagnostic(line);
  const verdict = await runSoak({ minutes: 1, clients: 60, seed: 7, progress, signal: t.signal });
  assert.ok(verdict.passed, renderVerdict(verdict));
  // The run has really done something.
  const { counts } = verdict;
  assert.equal(counts['done: older physical copy restored, restore epoch recorded'], 1);
  assert.ok((counts['sessions revoked'] ?? 0) > 0, 'nobody was logged out on purpose');
  assert.ok((counts['answers dropped on their way'] ?? 0) > 0, 'no answer was dropped');
  assert.ok(verdict.refresh.count > 60, 'hardly anybody refreshed');
});
