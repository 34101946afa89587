import assert from 'node:assert/strict';
import { it } from 'node:test';
import { distinguishingOutcomes } from './distinguish.ts';
import type { Fault } from './fault.ts';

function fault(mustFail: readonly string[], mayFail: readonly string[] = []): Fault {
  return {
    code: mustFail.join(),
    layer: 'api',
    subject: '',
    summary: () => '',
    mechanism: () => '',
    mustFail,
    mayFail,
    mustPass: [],
    grade: 'direct',
    repair: () => ({ risk: 'safe', steps: [], undo: '' }),
  };
}

it('counts what one fault must fail and the other does not predict', () => {
  assert.deepEqual(distinguishingOutcomes(fault(['a', 'b']), fault(['a', 'c'])), ['b', 'c']);
});

it('does not count what the other fault may fail', () => {
  assert.deepEqual(distinguishingOutcomes(fault(['a']), fault(['b'], ['a'])), ['b']);
});

it('takes a pattern over all subjects to cover one subject', () => {
  assert.deepEqual(distinguishingOutcomes(fault(['tables@$']), fault(['x'], ['tables'])), ['x']);
});
