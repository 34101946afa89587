import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWriterAlive, isWriterGone, ownMark, SILENCE_MS } from './writer-mark.ts';

const NOW = new Date('2026-11-21T13:00:00Z');
const text = (changes: object) => JSON.stringify({ ...ownMark(NOW), ...changes });
const later = (ms: number) => new Date(NOW.getTime() + ms);

test('a process of this machine is alive as long as it runs, however silent', () => {
  assert.equal(isWriterAlive(text({}), later(100 * SILENCE_MS)), true);
});

test('its number given to another process does not bring it back', () => {
  assert.equal(isWriterAlive(text({ begun: '1' }), NOW), false);
});

test('a writer elsewhere is gone when it was silent for long', () => {
  const mark = text({ host: 'another machine' });
  assert.equal(isWriterAlive(mark, later(SILENCE_MS - 1)), true);
  assert.equal(isWriterAlive(mark, later(SILENCE_MS)), false);
});

test('only a process of this machine is gone for certain', () => {
  assert.equal(isWriterGone(text({})), false);
  assert.equal(isWriterGone(text({ begun: '1' })), true);
  assert.equal(isWriterGone(text({ host: 'another machine', begun: '1' })), false);
  assert.equal(isWriterGone('{'), false);
});

test('a mark that cannot be read is nobody', () => {
  for (const wrong of ['', '{}', '[', text({ pid: 'x' }), text({ at: 'yesterday' })]) {
    assert.equal(isWriterAlive(wrong, NOW), false, wrong);
  }
});
