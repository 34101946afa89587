import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Catalog } from '@holdfast/postgres';
import { compareCatalogs } from './compare-catalogs.ts';

const column = (name: string, type = 'uuid') => ({
  name,
  type,
  notNull: true,
  default: null,
  identity: null,
  generated: null,
  collation: null,
});

function table(name: string, columns: readonly string[]): Catalog['tables'][number] {
  const kind = 'table' as const;
  return {
    schema: 'public',
    name,
    kind,
    owner: 'o',
    rowSecurity: false,
    columns: columns.map(c => column(c)),
  };
}

const head = { schema: 'public', table: 'sessions' };

const expected: Catalog = {
  serverVersion: 180_004,
  schemas: ['public'],
  tables: [table('users', ['id']), table('sessions', ['id', 'user_id'])],
  indexes: [
    {
      ...head,
      name: 'sessions_pkey',
      definition: 'CREATE UNIQUE INDEX sessions_pkey ON public.sessions USING btree (id)',
      unique: true,
      primary: true,
      valid: true,
      ready: true,
    },
    {
      ...head,
      name: 'sessions_user',
      definition: 'CREATE INDEX sessions_user ON public.sessions USING btree (user_id)',
      unique: false,
      primary: false,
      valid: true,
      ready: true,
    },
  ],
  constraints: [
    { ...head, name: 'sessions_pkey', kind: 'primary key', definition: 'PRIMARY KEY (id)', validated: true },
    {
      ...head,
      name: 'sessions_user_id_fkey',
      kind: 'foreign key',
      definition: 'FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE',
      validated: true,
    },
  ],
  triggers: [],
  sequences: [],
  functions: [],
  views: [],
  types: [],
  extensions: [],
};

const nothing = {
  tables: 2,
  indexes: 2,
  missingTables: [],
  missingColumns: [],
  missingIndexes: [],
  invalidIndexes: [],
  missingConstraints: [],
};

const without = (name: string) => (item: { readonly name: string }) => item.name !== name;

describe('compareCatalogs', () => {
  it('finds nothing in an equal catalog, nor in one that has more', () => {
    assert.deepEqual(compareCatalogs(expected, expected), nothing);
    const more = { ...expected, tables: [...expected.tables, table('extra', ['id'])] };
    assert.deepEqual(compareCatalogs(expected, more), nothing);
  });

  it('names a missing table alone, with the foreign keys that pointed to it left out', () => {
    const live = {
      ...expected,
      tables: expected.tables.filter(without('users')),
      constraints: expected.constraints.filter(without('sessions_user_id_fkey')),
    };
    assert.deepEqual(compareCatalogs(expected, live), { ...nothing, missingTables: ['users'] });
  });

  it('names a missing column alone, without the indexes and constraints that went with it', () => {
    const live = {
      ...expected,
      tables: [table('users', ['id']), table('sessions', ['id'])],
      indexes: expected.indexes.filter(without('sessions_user')),
      constraints: expected.constraints.filter(without('sessions_user_id_fkey')),
    };
    assert.deepEqual(compareCatalogs(expected, live), { ...nothing, missingColumns: ['sessions.user_id'] });
  });

  it('takes a column of another type for missing', () => {
    const changed = { ...table('users', ['id']), columns: [column('id', 'text')] };
    const live = { ...expected, tables: [changed, ...expected.tables.slice(1)] };
    assert.deepEqual(compareCatalogs(expected, live).missingColumns, ['users.id']);
  });

  it('names missing and invalid indexes', () => {
    const live = { ...expected, indexes: expected.indexes.filter(without('sessions_user')) };
    assert.deepEqual(compareCatalogs(expected, live).missingIndexes, ['sessions_user']);
    const broken = { ...expected, indexes: expected.indexes.map(index => ({ ...index, valid: false })) };
    assert.deepEqual(compareCatalogs(expected, broken).invalidIndexes, ['sessions_pkey', 'sessions_user']);
  });

  it('misses the index of a primary key as that constraint', () => {
    const live = {
      ...expected,
      indexes: expected.indexes.filter(without('sessions_pkey')),
      constraints: expected.constraints.filter(without('sessions_pkey')),
    };
    const found = compareCatalogs(expected, live);
    assert.deepEqual([found.missingIndexes, found.missingConstraints], [[], ['sessions.sessions_pkey']]);
  });

  it('compares definitions, but not across major versions of PostgreSQL', () => {
    const constraints = expected.constraints.map(item => ({ ...item, definition: `${item.definition} ` }));
    assert.equal(compareCatalogs(expected, { ...expected, constraints }).missingConstraints.length, 2);
    const older = { ...expected, constraints, serverVersion: 170_002 };
    assert.deepEqual(compareCatalogs(expected, older), nothing);
  });
});
