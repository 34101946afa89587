import type { Catalog } from '@holdfast/postgres';
import { databaseObjects } from './database-objects.ts';
import { otherObjects } from './other-objects.ts';
import { keyOf, type ObjectType, type SchemaObject } from './schema-object.ts';
import { tableObjects } from './table-objects.ts';

/** A catalog as objects, with who needs whom. */
export interface DescribedCatalog {
  readonly catalog: Catalog;
  readonly objects: ReadonlyMap<string, SchemaObject>;
  /** What an object cannot exist without, as keys; the expression of a default counts on its own, as `default`. */
  needs(key: string): ReadonlySet<string>;
  /** The other way round. */
  neededBy(key: string): ReadonlySet<string>;
}

export function describeCatalog(catalog: Catalog): DescribedCatalog {
  const list = [...tableObjects(catalog), ...otherObjects(catalog), ...databaseObjects(catalog)];
  const needs = new Map<string, Set<string>>();
  for (const { object, needs: keys } of catalog.dependencies ?? []) {
    needs.set(keyOf(object), new Set(keys.map(keyOf)));
  }
  for (const { key, within } of list) {
    const known = needs.get(key) ?? new Set();
    for (const outer of within) known.add(outer);
    needs.set(key, known);
  }
  const neededBy = new Map<string, Set<string>>();
  for (const [key, keys] of needs) {
    for (const other of keys) neededBy.set(other, (neededBy.get(other) ?? new Set()).add(key));
  }
  const nothing: ReadonlySet<string> = new Set();
  return {
    catalog,
    objects: new Map(list.map(object => [object.key, object])),
    needs: key => needs.get(key) ?? nothing,
    neededBy: key => neededBy.get(key) ?? nothing,
  };
}

/** The types of objects that only newer catalogs list, by the member that lists them. */
const LISTED_BY: Partial<Record<ObjectType, keyof Catalog>> = {
  policy: 'policies',
  rule: 'rules',
  statistics: 'statistics',
  collation: 'collations',
  'event trigger': 'eventTriggers',
  publication: 'publications',
  'default privileges': 'defaultPrivileges',
  setting: 'settings',
  'server setting': 'serverSettings',
  database: 'database',
};

/** Whether a catalog says anything about objects of this type; one stored by an older version may not. */
export function covers(catalog: Catalog, type: ObjectType): boolean {
  const member = LISTED_BY[type];
  return member === undefined || catalog[member] !== undefined;
}
