import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DatabaseContent } from '../../backup/manifest.ts';
import type { RelationName } from './relation-queries.ts';
import { selectTables, unknownTables } from './select-tables.ts';

const relation = (schema: string, name: string): RelationName => ({
  oid: `${schema}.${name}`,
  schema,
  name,
  kind: 'table',
  isPartition: false,
  hasColumns: true,
  visible: schema === 'public',
});
const IN_BACKUP = [relation('public', 'users'), relation('sales', 'customer'), relation('sales', 'orders')];

test('a name that a manifest does not know is refused, one that it may know is not', () => {
  const named = (schema: string, name: string) => ({ schema, name });
  const content = {
    tables: IN_BACKUP,
    catalog: { tables: [named('public', 'parted')], views: [named('public', 'shown')] },
  } as unknown as DatabaseContent;
  assert.deepEqual(unknownTables(['users', 'sales.orders', 'parted', 'shown', 'nothing*'], content), []);
  assert.deepEqual(unknownTables(['orders', 'sales.custmer'], content), [
    'sales.custmer is not in the backup. Did you mean sales.customer?',
  ]);
});

test('a misspelt table is wrong usage, and the nearest one is named', () => {
  for (const [name, meant] of [
    ['sales.custmer', 'sales.customer'],
    ['sale.orders', 'sales.orders'],
    ['custmer', 'sales.customer'],
    ['user', 'public.users'],
  ] as const) {
    const message = `${name} is not in the backup. Did you mean ${meant}?`;
    assert.throws(() => selectTables([name], IN_BACKUP), { code: 'usage', message });
  }
  const message = 'invoices is not in the backup.';
  assert.throws(() => selectTables(['invoices'], IN_BACKUP), { code: 'usage', message });
});
