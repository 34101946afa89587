import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Check, runChecks } from './check.ts';

const check: Check = {
  id: 'tables',
  layer: 'schema',
  title: 'All tables are there',
  evaluate: view => {
    const seen = view.get('catalog');
    return seen === undefined
      ? []
      : [{ outcome: 'fail', detail: 'missing', evidence: [seen.id], subject: 'table:a' }];
  },
};

it('binds results to their check', () => {
  const observation = { id: 'catalog', probe: 'schema', subject: 'database', saw: {} };
  assert.deepEqual(runChecks([check], [observation]), [
    {
      id: 'tables@table:a',
      check: 'tables',
      layer: 'schema',
      title: 'All tables are there',
      subject: 'table:a',
      outcome: 'fail',
      detail: 'missing',
      evidence: ['catalog'],
    },
  ]);
});

it('leaves out checks that do not apply', () => {
  assert.deepEqual(runChecks([check], []), []);
});
