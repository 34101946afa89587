import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closingLine, countFail, countPass, createTally, skipLine } from './tally.ts';

const leaf = { name: 'a', file: `${process.cwd()}/x.test.ts`, details: { type: 'test' } };

test('tests are counted, suites and failing parents are not', () => {
  const tally = createTally();
  countPass(tally, leaf);
  countPass(tally, { ...leaf, details: { type: 'suite' } });
  countFail(tally, leaf);
  const error = Object.assign(new Error('1 subtest failed'), { failureType: 'subtestsFailed' });
  countFail(tally, { ...leaf, details: { type: 'suite', error } });
  assert.equal(closingLine(tally), '1 passed, 1 failed, 0 skipped');
});

test('a skipped test is named with its reason; a skipped suite and a todo count too', () => {
  const tally = createTally();
  countPass(tally, { ...leaf, skip: 'needs Windows' });
  countPass(tally, { ...leaf, skip: true, details: { type: 'suite' } });
  countPass(tally, { ...leaf, todo: true });
  countFail(tally, { ...leaf, todo: 'broken' });
  assert.equal(closingLine(tally), '0 passed, 0 failed, 4 skipped');
  assert.deepEqual(tally.skipped.map(skipLine), [
    'skipped: a (x.test.ts): needs Windows',
    'skipped: a (x.test.ts): no reason given',
    'skipped: a (x.test.ts): todo',
    'skipped: a (x.test.ts): broken',
  ]);
});
