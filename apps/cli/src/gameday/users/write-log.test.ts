import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { countWrites, createWriteLog, expectedState } from './write-log.ts';

describe('write log', () => {
  it('says what must be there after the writes up to a mark, and no later one', () => {
    const log = createWriteLog(() => 7);
    log.add({ kind: 'account', userId: 'u', email: 'u@example.com' });
    log.add({ kind: 'sign-in', sessionId: 's', userId: 'u' });
    log.add({ kind: 'refresh', sessionId: 's', generation: 2 });
    log.add({ kind: 'refresh', sessionId: 's', generation: 1 });
    log.add({ kind: 'profile', userId: 'u', revision: 1 });
    const mark = log.length;
    log.add({ kind: 'profile', userId: 'u', revision: 2 });
    log.add({ kind: 'sign-out', sessionId: 's' });
    log.add({ kind: 'sign-out', sessionId: 'from before the log' });

    const before = expectedState(log.slice(0, mark));
    assert.deepEqual([...before.accounts], [['u', { email: 'u@example.com' }]]);
    assert.deepEqual([...before.profiles], [['u', { revision: 1 }]]);
    assert.deepEqual([...before.sessions], [['s', { userId: 'u', generation: 2, ended: false }]]);

    const after = expectedState(log.slice(0));
    assert.deepEqual(after.profiles.get('u'), { revision: 2 });
    assert.deepEqual([...after.sessions], [['s', { userId: 'u', generation: 2, ended: true }]]);
    assert.deepEqual(countWrites(log.slice(mark)), {
      account: 0,
      profile: 1,
      'sign-in': 0,
      refresh: 0,
      'sign-out': 2,
    });
  });
});
