import type { CreateFunctionStmt, Node, SelectStmt, VariableSetStmt } from 'libpg-query';
import { dispatch, type Handlers } from '../node-kinds.ts';
import { applyCreateIndex, applyCreateTable, createRelation } from './apply-create.ts';
import { applyDrop } from './apply-drop.ts';
import { applyRename, applySetSchema } from './apply-rename.ts';
import { constantOf } from './expressions.ts';
import {
  creationSchema,
  DEFAULT_SEARCH_PATH,
  find,
  type KnownSchema,
  type KnownType,
  keyOf,
  relationNamed,
} from './known-schema.ts';
import { nameOfParts, nameOfRelation, partsOf, strings } from './names.ts';

const CREATIONS: Handlers<[KnownSchema], void> = {
  CreateStmt: (node, schema) => applyCreateTable(schema, node),
  CreateForeignTableStmt: (node, schema) =>
    void createRelation(schema, nameOfRelation(node.base?.relation), 'foreign table'),
  CreateTableAsStmt: ({ into, objtype }, schema) => {
    const kind = objtype === 'OBJECT_MATVIEW' ? 'materialized view' : 'table';
    createRelation(schema, nameOfRelation(into?.rel), kind, into?.rel?.relpersistence === 't');
  },
  ViewStmt: ({ view }, schema) =>
    void createRelation(schema, nameOfRelation(view), 'view', view?.relpersistence === 't'),
  CreateSeqStmt: ({ sequence }, schema) => void createRelation(schema, nameOfRelation(sequence), 'sequence'),
  IndexStmt: (node, schema) => applyCreateIndex(schema, node),
  CreateSchemaStmt: ({ schemaname = '' }, schema) => {
    if (!schema.newSchemas.has(schemaname)) schema.newSchemas.set(schemaname, schema.file);
  },
  CreatePolicyStmt: ({ table, policy_name: name = '' }, schema) =>
    void relationNamed(schema, nameOfRelation(table)).policies.add(name),
  CreateFunctionStmt: (node, schema) => applyFunction(schema, node),
  CreateEnumStmt: ({ typeName }, schema) => createType(schema, strings(typeName), 'enum', false),
  CompositeTypeStmt: ({ typevar }, schema) => {
    const { schema: given, name } = nameOfRelation(typevar);
    createType(schema, given === undefined ? [name] : [given, name], 'other', false);
  },
  CreateRangeStmt: ({ typeName }, schema) => createType(schema, strings(typeName), 'other', false),
  CreateDomainStmt: ({ constraints, domainname }, schema) => {
    const checks = ['CONSTR_CHECK', 'CONSTR_NOTNULL'];
    const checked = (constraints ?? []).some(
      item => 'Constraint' in item && checks.includes(item.Constraint.contype ?? ''),
    );
    createType(schema, strings(domainname), 'domain', checked);
  },
};

const CHANGES: Handlers<[KnownSchema], void> = {
  SelectStmt: (node, schema) => applySelect(schema, node),
  AlterDomainStmt: ({ subtype = '', typeName }, schema) => {
    const domain = find(schema, schema.types, nameOfParts(strings(typeName)));
    // C adds a constraint, O is SET NOT NULL
    if (domain !== undefined && ['C', 'O'].includes(subtype)) domain.checked = true;
  },
  DropStmt: (node, schema) => applyDrop(schema, node),
  RenameStmt: (node, schema) => applyRename(schema, node),
  AlterObjectSchemaStmt: (node, schema) => applySetSchema(schema, node),
  VariableSetStmt: (node, schema) => applySetting(schema, node),
};

/** Puts down what a statement does to the schema. The parts of ALTER TABLE are applied one by one elsewhere. */
export function applyStatement(schema: KnownSchema, node: Node): void {
  dispatch(CREATIONS, node, schema);
  dispatch(CHANGES, node, schema);
}

function createType(schema: KnownSchema, parts: string[], kind: KnownType['kind'], checked: boolean): void {
  const name = nameOfParts(parts);
  const type: KnownType = {
    schema: creationSchema(schema, name),
    name: name.name,
    createdIn: schema.file,
    transaction: schema.transaction,
    kind,
    checked,
  };
  schema.types.set(keyOf(type), type);
}

function applyFunction(schema: KnownSchema, { funcname, options }: CreateFunctionStmt): void {
  const name = nameOfParts(strings(funcname));
  const volatility = (options ?? []).flatMap(node =>
    'DefElem' in node && node.DefElem.defname === 'volatility' ? partsOf(node.DefElem.arg) : [],
  );
  const place = { schema: creationSchema(schema, name), name: name.name };
  schema.functions.set(keyOf(place), { volatile: (volatility[0] ?? 'volatile') === 'volatile' });
}

function applySelect(schema: KnownSchema, { intoClause, targetList }: SelectStmt): void {
  if (intoClause?.rel !== undefined) {
    createRelation(schema, nameOfRelation(intoClause.rel), 'table', intoClause.rel.relpersistence === 't');
  }
  for (const target of targetList ?? []) {
    const value = 'ResTarget' in target ? target.ResTarget.val : undefined;
    if (value === undefined || !('FuncCall' in value)) continue;
    if (strings(value.FuncCall.funcname).at(-1) !== 'set_config') continue;
    const [name, setting] = (value.FuncCall.args ?? []).map(constantOf);
    if (name !== undefined && setting !== undefined) applyValue(schema, name, setting.split(/\s*,\s*/));
  }
}

function applySetting(schema: KnownSchema, { kind, name, args }: VariableSetStmt): void {
  if (kind === 'VAR_RESET_ALL') resetSettings(schema);
  if (name === undefined) return;
  if (kind === 'VAR_SET_VALUE') {
    const values = (args ?? []).map(constantOf).filter(value => value !== undefined);
    applyValue(schema, name.toLowerCase(), values);
  } else if (name.toLowerCase() === 'search_path') schema.searchPath = DEFAULT_SEARCH_PATH;
}

function applyValue(schema: KnownSchema, name: string, values: readonly string[]): void {
  if (name === 'search_path') {
    const path = values
      .map(value => value.replaceAll('"', ''))
      .filter(value => !['', '$user'].includes(value));
    schema.searchPath = path;
  }
  if (name === 'timezone') schema.timeZone = values[0];
}

/** Every migration begins with the settings of a fresh session. */
export function resetSettings(schema: KnownSchema): void {
  schema.searchPath = DEFAULT_SEARCH_PATH;
  schema.timeZone = undefined;
}
