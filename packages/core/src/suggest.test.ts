import assert from 'node:assert/strict';
import { test } from 'node:test';
import { suggest } from './suggest.ts';

const WORDS = ['start', 'status', 'stop', 'serve', 'doctor', 'migrate'];

test('a slip of the fingers is recognised', () => {
  assert.equal(suggest('strat', WORDS), 'start');
  assert.equal(suggest('docter', WORDS), 'doctor');
  assert.equal(suggest('serv', WORDS), 'serve');
});

test('the beginning of a word is enough', () => {
  assert.equal(suggest('migr', WORDS), 'migrate');
});

test('what is like nothing gets no suggestion', () => {
  assert.equal(suggest('banana', WORDS), undefined);
});
