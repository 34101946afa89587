import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Catalog } from '@holdfast/postgres';
import type { HandContext } from '../hand.ts';
import { reconcileSubject } from './objects.ts';

function catalogWith(column: string): Catalog {
  const plain = { notNull: true, default: null, identity: null, generated: null, collation: null };
  return {
    serverVersion: 180_004,
    schemas: ['public'],
    tables: [
      {
        ...{ schema: 'public', name: 'users', kind: 'table', owner: 'o', rowSecurity: false },
        columns: [{ name: column, type: 'uuid', ...plain }],
      },
    ],
    ...{ indexes: [], constraints: [], triggers: [], sequences: [], functions: [], views: [], types: [] },
    ...{ extensions: [], dependencies: [] },
  };
}

test('what gives a renamed column its name back can be taken back', async () => {
  const context = {
    expected: async () => ({ catalog: catalogWith('id'), schemas: ['public'] }),
    live: async () => catalogWith('key'),
  } as unknown as HandContext;
  const found = await reconcileSubject(context, 'column:users.id');
  assert.deepEqual(found, {
    statements: ['alter table public.users rename column key to id'],
    undo: ['alter table public.users rename column id to key'],
    transactional: true,
  });
});
