import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createKnownValues, listIn } from './known-values.ts';

describe('values of earlier answers', () => {
  const known = createKnownValues();
  known.learn('/orders', { data: [{ id: 41, customer_id: 7 }, { id: 42 }], error: null });
  known.learn('/categories', [{ id: 1, slug: 'tools' }]);
  known.learn('/me', { id: 900, name: 'Pat' });

  const cases: readonly [template: string, name: string, values: readonly unknown[]][] = [
    ['/orders/{id}', 'id', [41, 42]],
    ['/orders/{orderId}', 'orderId', [41, 42]],
    ['/orders/{order_id}/items', 'order_id', [41, 42]],
    ['/categories/{slug}', 'slug', ['tools']],
    ['/customers/{customerId}', 'customerId', [7]],
    ['/users/{id}', 'id', []],
    ['/search', 'customer_id', [7]],
  ];
  for (const [template, name, values] of cases) {
    it(`${name} of ${template}`, () => assert.deepEqual(known.valuesFor(template, name), values));
  }

  it('are not taken for what this run has created', () => {
    assert.deepEqual(known.ownValuesFor('/orders/{id}', 'id'), []);
    known.learnOwn('/orders', { data: { id: 77, customer_id: 8 } });
    assert.deepEqual(known.ownValuesFor('/orders/{id}', 'id'), [77]);
    assert.deepEqual(known.ownValuesFor('/orders/{orderId}/items', 'orderId'), [77]);
    assert.deepEqual(known.ownValuesFor('/customers/{id}', 'id'), [], 'whose order it is was not created');
    assert.deepEqual(known.ownValuesFor('/orders/{customerId}', 'customerId'), []);
  });

  it('are found in the usual envelopes', () => {
    assert.deepEqual(listIn({ items: [1] }), [1]);
    assert.deepEqual(listIn({ data: { users: [2] } }), [2]);
    assert.equal(listIn({ id: 1, tags: ['a'] }), undefined);
  });
});
