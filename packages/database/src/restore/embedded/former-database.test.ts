import assert from 'node:assert/strict';
import { it } from 'node:test';
import { formerDatabase } from './prepare-undo.ts';

it('calls the two databases of a restore by the same names, however often it is undone', () => {
  const names = ['backup 1'];
  for (let undone = 0; undone < 4; undone++) names.push(formerDatabase(names.at(-1) ?? ''));
  assert.deepEqual(names.slice(1), [
    'the database from before backup 1',
    'the database restored from backup 1',
    'the database from before backup 1',
    'the database restored from backup 1',
  ]);
});
