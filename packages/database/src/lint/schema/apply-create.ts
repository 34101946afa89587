import type { ColumnDef, CreateStmt, IndexStmt } from 'libpg-query';

import { addConstraint } from './constraints.ts';
import { columnsIn } from './expressions.ts';
import {
  creationSchema,
  find,
  indexesOf,
  type KnownIndex,
  type KnownRelation,
  type KnownSchema,
  keyOf,
  newRelation,
  relationNamed,
} from './known-schema.ts';
import { type Name, nameOfRelation, typeShape } from './names.ts';

/** Puts down a relation that is created; one that is known already stays what it is, as with IF NOT EXISTS. */
export function createRelation(
  schema: KnownSchema,
  name: Name,
  kind: KnownRelation['kind'],
  temporary = false,
): KnownRelation | undefined {
  const place = { schema: temporary ? 'pg_temp' : creationSchema(schema, name), name: name.name };
  if (schema.relations.has(keyOf(place))) return undefined;
  const relation = newRelation(place, kind, schema.file);
  schema.relations.set(keyOf(relation), relation);
  return relation;
}

export function applyCreateTable(schema: KnownSchema, statement: CreateStmt): void {
  const kind = statement.partspec === undefined ? 'table' : 'partitioned';
  const temporary = statement.relation?.relpersistence === 't';
  const table = createRelation(schema, nameOfRelation(statement.relation), kind, temporary);
  if (table === undefined) return;
  table.partitionKey = columnsOfPartitionKey(statement);
  for (const element of statement.tableElts ?? []) {
    if ('ColumnDef' in element) addColumn(schema, table, element.ColumnDef);
    if ('Constraint' in element) addConstraint(schema, table, element.Constraint);
    if ('TableLikeClause' in element)
      copyColumns(schema, table, nameOfRelation(element.TableLikeClause.relation));
  }
  for (const constraint of statement.constraints ?? []) {
    if ('Constraint' in constraint) addConstraint(schema, table, constraint.Constraint);
  }
  linkToParents(schema, table, statement);
}

function columnsOfPartitionKey({ partspec }: CreateStmt): string[] {
  return (partspec?.partParams ?? []).flatMap(node => {
    if (!('PartitionElem' in node)) return [];
    const { name, expr } = node.PartitionElem;
    return name === undefined ? columnsIn([expr]) : [name];
  });
}

function linkToParents(schema: KnownSchema, table: KnownRelation, statement: CreateStmt): void {
  for (const node of statement.inhRelations ?? []) {
    if (!('RangeVar' in node)) continue;
    const parent = relationNamed(schema, nameOfRelation(node.RangeVar));
    for (const column of parent.columns.values()) {
      if (!table.columns.has(column.name)) table.columns.set(column.name, { ...column });
    }
    if (statement.partbound === undefined) continue;
    parent.kind = 'partitioned';
    table.parent = parent;
    if (statement.partbound.is_default === true) parent.defaultPartition = table;
  }
}

function copyColumns(schema: KnownSchema, table: KnownRelation, from: Name): void {
  const source = find(schema, schema.relations, from);
  for (const column of source?.columns.values() ?? []) table.columns.set(column.name, { ...column });
}

/** Puts down a column with the constraints behind it. */
export function addColumn(schema: KnownSchema, table: KnownRelation, definition: ColumnDef): void {
  const name = definition.colname ?? '';
  const constraints = (definition.constraints ?? []).flatMap(node =>
    'Constraint' in node ? [node.Constraint] : [],
  );
  const notNull = constraints.some(({ contype }) =>
    ['CONSTR_NOTNULL', 'CONSTR_PRIMARY', 'CONSTR_IDENTITY'].includes(contype ?? ''),
  );
  const type = typeShape(definition.typeName);
  const serial = type !== undefined && /^(small|big)?serial[248]?$/.test(type.name);
  table.columns.set(name, { name, type: serial ? undefined : type, notNull: notNull || serial });
  for (const constraint of constraints) addConstraint(schema, table, constraint, name);
}

export function applyCreateIndex(schema: KnownSchema, statement: IndexStmt): void {
  const table = relationNamed(schema, nameOfRelation(statement.relation));
  const parameters = (statement.indexParams ?? []).flatMap(node =>
    'IndexElem' in node ? [node.IndexElem] : [],
  );
  const keys = parameters.flatMap(({ name, expr }) => (name === undefined ? columnsIn([expr]) : [name]));
  const columns = [...new Set([...keys, ...columnsIn([statement.whereClause])])];
  const plain = statement.whereClause === undefined && parameters.every(({ expr }) => expr === undefined);
  const name = statement.idxname ?? freeIndexName(schema, table, keys);
  const index: KnownIndex = {
    schema: table.schema,
    name,
    table,
    columns,
    plain,
    unique: statement.unique === true,
  };
  if (!schema.indexes.has(keyOf(index))) schema.indexes.set(keyOf(index), index);
}

function freeIndexName(schema: KnownSchema, table: KnownRelation, keys: readonly string[]): string {
  const base = [table.name, ...keys, 'idx'].join('_');
  const taken = new Set(indexesOf(schema, table).map(({ name }) => name));
  let name = base;
  for (let number = 1; taken.has(name); number++) name = `${base}${number}`;
  return name;
}
