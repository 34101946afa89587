import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodeOfFix } from './fix-system.ts';

type Report = Parameters<typeof exitCodeOfFix>[0];

const report = (
  mode: Report['mode'],
  status: Report['status'],
  diagnosis: Report['diagnosis']['status'],
): Report => ({ mode, status, diagnosis: { status: diagnosis } }) as unknown as Report;

test('whatever is left to repair ends with 1', () => {
  assert.equal(exitCodeOfFix(report('apply', 'green', 'healthy')), 0);
  assert.equal(exitCodeOfFix(report('apply', 'green', 'degraded')), 0);
  assert.equal(exitCodeOfFix(report('apply', 'not_green', 'findings')), 1);
  assert.equal(exitCodeOfFix(report('apply', 'not_green', 'healthy')), 1);
  assert.equal(exitCodeOfFix(report('apply', 'not_green', 'not_examined')), 3);
  assert.equal(exitCodeOfFix(report('apply', 'not_green', 'incomplete')), 3);
});

test('a plan ends as the diagnosis does', () => {
  assert.equal(exitCodeOfFix(report('plan', 'green', 'degraded')), 0);
  assert.equal(exitCodeOfFix(report('plan', 'planned', 'findings')), 1);
  assert.equal(exitCodeOfFix(report('plan', 'planned', 'not_examined')), 3);
});
