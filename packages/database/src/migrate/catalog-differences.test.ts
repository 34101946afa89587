import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Catalog, CatalogColumn, CatalogTable } from '@holdfast/postgres';
import { catalogDifferences, describeDifference } from './catalog-differences.ts';

const EMPTY: Catalog = {
  serverVersion: 180_000,
  schemas: ['public'],
  tables: [],
  indexes: [],
  constraints: [],
  triggers: [],
  sequences: [],
  functions: [],
  views: [],
  types: [],
  extensions: [],
};

function column(name: string, type = 'integer'): CatalogColumn {
  const nothing = { default: null, identity: null, generated: null, collation: null };
  return { name, type, notNull: false, ...nothing };
}

function table(name: string, ...columns: readonly CatalogColumn[]): CatalogTable {
  return { schema: 'public', name, kind: 'table', owner: 'me', rowSecurity: false, columns };
}

const INDEX = {
  schema: 'public',
  name: 'i',
  table: 'a',
  definition: 'd',
  unique: false,
  primary: false,
  valid: true,
  ready: true,
};

function compare(expected: Partial<Catalog>, found: Partial<Catalog>): string[] {
  return catalogDifferences({ ...EMPTY, ...expected }, { ...EMPTY, ...found }).map(describeDifference);
}

describe('catalogDifferences', () => {
  it('does not see the order of columns, nor the version of the server', () => {
    const [one, other] = [table('a', column('b'), column('c')), table('a', column('c'), column('b'))];
    assert.deepEqual(compare({ tables: [one] }, { tables: [other], serverVersion: 150_000 }), []);
  });

  it('names a table that is missing or too many once, without what belongs to it', () => {
    const whole = { tables: [table('a', column('b'))], indexes: [INDEX] };
    assert.deepEqual(compare(whole, {}), ['table public.a is missing']);
    assert.deepEqual(compare({}, whole), ['table public.a is unexpected']);
  });

  it('names the column and the property', () => {
    const found = { tables: [table('a', column('b', 'bigint'), column('c'))] };
    assert.deepEqual(compare({ tables: [table('a', column('b'))] }, found), [
      'column public.a.b: its type is bigint instead of integer',
      'column public.a.c is unexpected',
    ]);
  });

  it('sees an index that broke, a table with another owner, and a schema that is gone', () => {
    const tables = [table('a')];
    assert.deepEqual(
      compare(
        { tables, indexes: [INDEX], schemas: ['public', 's'] },
        { tables: [{ ...table('a'), owner: 'you' }], indexes: [{ ...INDEX, valid: false }] },
      ),
      [
        'index public.i: its valid is false instead of true',
        'schema s is missing',
        'table public.a: its owner is you instead of me',
      ],
    );
  });

  it('tells functions by their arguments, and triggers of foreign keys by those', () => {
    const routine = {
      schema: 'public',
      name: 'f',
      kind: 'function',
      returns: 'text',
      language: 'sql',
      definition: 'x',
    } as const;
    assert.deepEqual(
      compare(
        { functions: [{ ...routine, arguments: 'integer' }] },
        { functions: [{ ...routine, arguments: 'text' }] },
      ),
      ['function public.f(integer) is missing', 'function public.f(text) is unexpected'],
    );
    const trigger = {
      schema: 'public',
      name: 'RI_',
      table: 'a',
      internal: true,
      definition: 'check 5',
    } as const;
    assert.deepEqual(
      compare(
        { triggers: [{ ...trigger, constraint: 'k', enabled: 'origin' }] },
        { triggers: [{ ...trigger, constraint: 'k', enabled: 'disabled' }] },
      ),
      ['trigger check 5 for k of public.a: its enabled is disabled instead of origin'],
    );
  });
});
