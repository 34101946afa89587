import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findChangedClaims } from './changed-claims.ts';

const NOW = Date.parse('2026-01-01T00:10:00Z');

const start = (minute: number, issuer: string, audience = 'holdfast') =>
  JSON.stringify({ time: `2026-01-01T00:0${minute}:00Z`, msg: 'listening', issuer, audience });

describe('the claims of access tokens over the starts in a log', () => {
  it('have changed since the first start with the value of now, whatever came after it', () => {
    const lines = [start(1, 'https://a'), start(2, 'https://b'), '{"msg":"draining"}', start(4, 'https://c')];
    const changed = {
      variable: 'HOLDFAST_ISSUER',
      before: 'https://b',
      now: 'https://c',
      agoMs: 360_000,
      beforeMs: 120_000,
    };
    assert.deepEqual(findChangedClaims(lines, NOW), [changed]);
    assert.deepEqual(findChangedClaims([...lines, start(6, 'https://c')], NOW), [changed]);
  });

  it('have not changed when they were put back, or when there is one start alone', () => {
    assert.deepEqual(
      findChangedClaims([start(1, 'https://a'), start(2, 'https://b'), start(3, 'https://a')], NOW),
      [],
    );
    assert.deepEqual(findChangedClaims([start(1, 'https://a'), start(2, 'https://a')], NOW), []);
    assert.deepEqual(findChangedClaims([start(1, 'https://a')], NOW), []);
  });

  it('are issuer and audience', () => {
    const changed = findChangedClaims([start(1, 'https://a', 'x'), start(2, 'https://b', 'y')], NOW);
    assert.deepEqual(
      changed.map(({ variable }) => variable),
      ['HOLDFAST_ISSUER', 'HOLDFAST_AUDIENCE'],
    );
  });

  it('are not guessed at from lines of an older version, or from half a line', () => {
    const older = JSON.stringify({ time: '2026-01-01T00:01:00Z', msg: 'listening' });
    assert.deepEqual(findChangedClaims([older, start(2, 'https://b'), '{"msg":"listening"'], NOW), []);
  });
});
