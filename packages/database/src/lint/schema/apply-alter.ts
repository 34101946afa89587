import type { AlterTableCmd, ColumnDef, PartitionCmd } from 'libpg-query';
import { addColumn } from './apply-create.ts';
import { addConstraint, markNotNull } from './constraints.ts';
import { type KnownRelation, type KnownSchema, relationNamed } from './known-schema.ts';
import { nameOfRelation, typeShape } from './names.ts';

/** Puts down what one part of ALTER TABLE does. */
export function applyAlterTable(schema: KnownSchema, table: KnownRelation, command: AlterTableCmd): void {
  const { subtype = 'AT_AddColumn', def, name = '' } = command;
  if (def === undefined) applyToNamed(schema, table, command);
  else if ('ColumnDef' in def) applyColumn(schema, table, subtype, name, def.ColumnDef);
  else if ('PartitionCmd' in def) applyPartition(schema, table, subtype, def.PartitionCmd);
  else if ('Constraint' in def && subtype === 'AT_AddConstraint')
    addConstraint(schema, table, def.Constraint);
}

function applyColumn(
  schema: KnownSchema,
  table: KnownRelation,
  subtype: string,
  name: string,
  definition: ColumnDef,
): void {
  if (subtype === 'AT_AddColumn') {
    if (!table.columns.has(definition.colname ?? '')) addColumn(schema, table, definition);
  } else if (subtype === 'AT_AlterColumnType') {
    const column = table.columns.get(name);
    const type = typeShape(definition.typeName);
    if (column === undefined) table.columns.set(name, { name, type, notNull: false });
    else column.type = type;
  }
}

function applyPartition(
  schema: KnownSchema,
  table: KnownRelation,
  subtype: string,
  { name, bound }: PartitionCmd,
): void {
  const partition = relationNamed(schema, nameOfRelation(name));
  if (subtype === 'AT_AttachPartition') {
    table.kind = 'partitioned';
    partition.parent = table;
    if (bound?.is_default === true) table.defaultPartition = partition;
  } else if (subtype === 'AT_DetachPartition') {
    partition.parent = undefined;
    if (table.defaultPartition === partition) table.defaultPartition = undefined;
  }
}

function applyToNamed(
  schema: KnownSchema,
  table: KnownRelation,
  { subtype, name = '' }: AlterTableCmd,
): void {
  const column = table.columns.get(name);
  switch (subtype) {
    case 'AT_DropColumn':
      dropColumn(schema, table, name);
      return;
    case 'AT_SetNotNull':
      markNotNull(table, name);
      return;
    case 'AT_DropNotNull':
      if (column !== undefined) column.notNull = false;
      return;
    case 'AT_DropConstraint':
      table.constraints.delete(name);
      return;
    case 'AT_ValidateConstraint':
      validate(table, name);
      return;
  }
}

function validate(table: KnownRelation, name: string): void {
  const constraint = table.constraints.get(name);
  if (constraint === undefined) return;
  constraint.validated = true;
  if (constraint.kind === 'not null') for (const column of constraint.columns) markNotNull(table, column);
}

function dropColumn(schema: KnownSchema, table: KnownRelation, name: string): void {
  table.columns.delete(name);
  for (const constraint of table.constraints.values()) {
    if (constraint.columns.includes(name)) table.constraints.delete(constraint.name);
  }
  for (const [key, index] of schema.indexes) {
    if (index.table === table && index.columns.includes(name)) schema.indexes.delete(key);
  }
}
