import type { DropStmt, Node } from 'libpg-query';
import { find, type KnownSchema, keyOf } from './known-schema.ts';
import { type Name, nameOfParts, partsOf } from './names.ts';

/** Forgets what a DROP drops. */
export function applyDrop(schema: KnownSchema, { objects, removeType }: DropStmt): void {
  for (const object of objects ?? []) {
    const name = nameOfParts(partsOf(object));
    switch (removeType) {
      case 'OBJECT_INDEX':
        forget(schema.indexes, find(schema, schema.indexes, name));
        break;
      case 'OBJECT_TYPE':
      case 'OBJECT_DOMAIN':
        forget(schema.types, find(schema, schema.types, name));
        break;
      case 'OBJECT_SCHEMA':
        dropSchema(schema, name.name);
        break;
      case 'OBJECT_POLICY':
        dropPolicy(schema, object);
        break;
      default:
        dropRelation(schema, name);
    }
  }
}

function forget<T extends { readonly schema: string; readonly name: string }>(
  map: Map<string, T>,
  item: T | undefined,
): void {
  if (item !== undefined) map.delete(keyOf(item));
}

function dropSchema(schema: KnownSchema, dropped: string): void {
  for (const map of [schema.relations, schema.indexes, schema.types]) {
    for (const [key, item] of map) if (item.schema === dropped) map.delete(key);
  }
  schema.newSchemas.delete(dropped);
}

function dropPolicy(schema: KnownSchema, object: Node): void {
  const parts = partsOf(object);
  find(schema, schema.relations, nameOfParts(parts.slice(0, -1)))?.policies.delete(parts.at(-1) ?? '');
}

function dropRelation(schema: KnownSchema, name: Name): void {
  const relation = find(schema, schema.relations, name);
  if (relation === undefined) return;
  forget(schema.relations, relation);
  if (relation.parent?.defaultPartition === relation) relation.parent.defaultPartition = undefined;
  for (const [key, index] of schema.indexes) if (index.table === relation) schema.indexes.delete(key);
}
