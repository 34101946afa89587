import type { AlterObjectSchemaStmt, RenameStmt } from 'libpg-query';
import { find, type KnownSchema, keyOf, relationNamed } from './known-schema.ts';
import { nameOfParts, nameOfRelation, partsOf } from './names.ts';

/** Follows ALTER … RENAME. */
export function applyRename(schema: KnownSchema, statement: RenameStmt): void {
  const { renameType, relation, object, subname = '', newname = '' } = statement;
  switch (renameType) {
    case 'OBJECT_COLUMN':
      renameColumn(schema, statement);
      return;
    case 'OBJECT_TABCONSTRAINT':
      moveKey(relationNamed(schema, nameOfRelation(relation)).constraints, subname, newname);
      return;
    case 'OBJECT_INDEX':
      move(schema.indexes, find(schema, schema.indexes, nameOfRelation(relation)), { name: newname });
      return;
    case 'OBJECT_TYPE':
    case 'OBJECT_DOMAIN':
      move(schema.types, find(schema, schema.types, nameOfParts(partsOf(object))), { name: newname });
      return;
    case 'OBJECT_SCHEMA':
      renameSchema(schema, subname, newname);
      return;
    default:
      if (relation !== undefined) {
        move(schema.relations, relationNamed(schema, nameOfRelation(relation)), { name: newname });
      }
  }
}

function renameSchema({ relations, indexes, types }: KnownSchema, from: string, to: string): void {
  for (const item of [...relations.values()]) if (item.schema === from) move(relations, item, { schema: to });
  for (const item of [...indexes.values()]) if (item.schema === from) move(indexes, item, { schema: to });
  for (const item of [...types.values()]) if (item.schema === from) move(types, item, { schema: to });
}

function renameColumn(schema: KnownSchema, { relation, subname = '', newname = '' }: RenameStmt): void {
  const table = relationNamed(schema, nameOfRelation(relation));
  moveKey(table.columns, subname, newname);
  const renamed = (columns: readonly string[]): string[] =>
    columns.map(column => (column === subname ? newname : column));
  for (const [key, constraint] of table.constraints) {
    const { columns, notNull } = constraint;
    table.constraints.set(key, { ...constraint, columns: renamed(columns), notNull: renamed(notNull) });
  }
  for (const [key, index] of schema.indexes) {
    if (index.table === table) schema.indexes.set(key, { ...index, columns: renamed(index.columns) });
  }
}

function moveKey<T extends { name: string }>(map: Map<string, T>, from: string, to: string): void {
  const item = map.get(from);
  if (item === undefined) return;
  map.delete(from);
  item.name = to;
  map.set(to, item);
}

interface Movable {
  name: string;
  schema: string;
}

function move<T extends Movable>(map: Map<string, T>, item: T | undefined, to: Partial<Movable>): void {
  if (item === undefined) return;
  map.delete(keyOf(item));
  Object.assign(item, to);
  map.set(keyOf(item), item);
}

/** Follows ALTER … SET SCHEMA. */
export function applySetSchema(schema: KnownSchema, statement: AlterObjectSchemaStmt): void {
  const { relation, object, objectType, newschema = '' } = statement;
  if (relation !== undefined) {
    const moved = relationNamed(schema, nameOfRelation(relation));
    move(schema.relations, moved, { schema: newschema });
  } else if (objectType === 'OBJECT_TYPE' || objectType === 'OBJECT_DOMAIN') {
    move(schema.types, find(schema, schema.types, nameOfParts(partsOf(object))), { schema: newschema });
  }
}
