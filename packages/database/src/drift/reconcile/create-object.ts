import type { DescribedCatalog } from '../objects/describe-catalog.ts';
import type { PropertyValue, SchemaObject } from '../objects/schema-object.ts';
import { addColumn, columnClause, columnDetails, columnRights, hasPlainDefault } from './column-steps.ts';
import { createConstraint } from './constraint-steps.ts';
import {
  createCollation,
  createEventTrigger,
  createExtension,
  createPublication,
  defaultPrivilegeSteps,
  settingStep,
} from './database-steps.ts';
import { quoteName, quoteRole } from './quote.ts';
import { commentStep, objectKeyword, objectReference, ownerStep, rightsSteps } from './rights-steps.ts';
import {
  createFunction,
  createPolicy,
  createRule,
  createSequence,
  createStatistics,
  createTrigger,
  createView,
  sequenceStart,
} from './schema-steps.ts';
import { defaultKeyOf } from './sort-objects.ts';
import type { PlanContext, Step } from './step.ts';
import { createTable, rowSecurityStep } from './table-steps.ts';
import { createType } from './type-steps.ts';

/** The statements that make an object with everything about it but what comes with the objects in it. */
export function createObject(context: PlanContext, expected: DescribedCatalog): Step[] {
  const { object } = context;
  switch (object.type) {
    case 'column':
      return object.inherited ? [] : addColumn(context, isPlain(object, expected));
    case 'constraint':
      return object.inherited ? [] : createConstraint(context);
    case 'trigger':
      return object.inherited ? [] : [...createTrigger(object), ...commented(object)];
    case 'table':
      return [
        ...tableSteps(object, expected),
        ...owned(object, expected),
        ...ownColumns(object, expected).flatMap(columnRights),
      ];
    case 'sequence':
      return [
        ...(object.properties.identity === true ? [] : createSequence(context)),
        ...owned(object, expected),
      ];
    default:
      return createOther(context, expected);
  }
}

function createOther({ object }: PlanContext, expected: DescribedCatalog): Step[] {
  switch (object.type) {
    case 'policy':
      return [...createPolicy(object), ...commented(object)];
    case 'rule':
      return createRule(object);
    case 'statistics':
      return [...createStatistics(object), ...ownerStep(object)];
    case 'schema':
      return [{ sql: `create schema ${quoteName(object.path[1] ?? '')}` }, ...owned(object, expected)];
    case 'extension':
      return createExtension(object);
    case 'type':
      return [...createType(object), ...owned(object, expected)];
    case 'collation':
      return [...createCollation(object), ...ownerStep(object), ...commented(object)];
    case 'function':
      return [...createFunction(object), ...owned(object, expected)];
    case 'view':
    case 'materialized view':
      return [...createView(object), ...owned(object, expected)];
    case 'publication':
      return [...createPublication(object), ...ownerStep(object)];
    case 'event trigger':
      return [...createEventTrigger(object), ...ownerStep(object)];
    case 'default privileges':
      return defaultPrivilegeSteps(object, undefined);
    case 'setting':
      return [settingStep(object)];
    default:
      return [];
  }
}

/** The columns of a table that it has not from another one, in their order. */
function ownColumns(table: SchemaObject, { catalog, objects }: DescribedCatalog): SchemaObject[] {
  const [, schema, name] = table.path;
  const listed = catalog.tables.find(item => item.schema === schema && item.name === name)?.columns ?? [];
  return listed
    .flatMap(column => objects.get(JSON.stringify(['column', schema, name, column.name])) ?? [])
    .filter(column => !column.inherited);
}

function tableSteps(table: SchemaObject, expected: DescribedCatalog): Step[] {
  const columns = ownColumns(table, expected);
  const clauses = columns.map(column =>
    columnClause(column, isPlain(column, expected), identitySequence(column, expected)),
  );
  const force = table.properties['force row level security'] === true;
  return [
    createTable(table, clauses),
    ...columns.flatMap(columnDetails),
    ...(table.properties['row level security'] === true ? [rowSecurityStep(table)] : []),
    ...(force ? [{ sql: `alter table ${objectReference(table)} force row level security` }] : []),
  ];
}

function isPlain(column: SchemaObject, { needs }: DescribedCatalog): boolean {
  return hasPlainDefault(column, needs(defaultKeyOf(column.key)));
}

export function identitySequence(
  column: SchemaObject,
  { objects }: DescribedCatalog,
): SchemaObject | undefined {
  if (typeof column.properties.identity !== 'string') return undefined;
  return [...objects.values()].find(
    object =>
      object.type === 'sequence' && object.properties.identity === true && object.within.includes(column.key),
  );
}

function commented(object: SchemaObject): Step[] {
  return typeof object.properties.comment === 'string' ? [commentStep(object)] : [];
}

/** Owner, rights and comment of something new. Default privileges may have given rights to it that nobody expects. */
function owned(object: SchemaObject, expected: DescribedCatalog): Step[] {
  const wanted = object.properties.privileges ?? {};
  const before: PropertyValue = publicDefault(object);
  const revoked = grantees(object, expected).map(role => ({
    sql: `revoke all on ${rightsKeyword(object)} ${objectReference(object)} from ${quoteRole(role)}`,
  }));
  return [...ownerStep(object), ...revoked, ...rightsSteps(object, before, wanted), ...commented(object)];
}

function publicDefault({ type }: SchemaObject): PropertyValue {
  if (type === 'function') return { PUBLIC: 'EXECUTE' };
  return type === 'type' ? { PUBLIC: 'USAGE' } : {};
}

const DEFAULTED: Partial<Record<SchemaObject['type'], string>> = {
  table: 'tables',
  view: 'tables',
  'materialized view': 'tables',
  sequence: 'sequences',
  function: 'functions',
  type: 'types',
  schema: 'schemas',
};

/** Who gets rights on a new object of this type by default, apart from everybody. */
function grantees({ type, path }: SchemaObject, { catalog }: DescribedCatalog): string[] {
  const entries = (catalog.defaultPrivileges ?? []).filter(
    entry => entry.objects === DEFAULTED[type] && (entry.schema === null || entry.schema === path[1]),
  );
  const roles = entries.flatMap(({ acl }) => acl.map(({ grantee }) => grantee));
  return [...new Set(roles)].filter(role => role !== '@owner' && role !== 'PUBLIC').sort();
}

function rightsKeyword(object: SchemaObject): string {
  if (['table', 'view', 'materialized view'].includes(object.type)) return 'table';
  return object.type === 'function' ? 'routine' : objectKeyword(object);
}

/** A sequence that numbers a column goes on after the greatest number there is. */
export function afterDefault(
  column: SchemaObject,
  expected: DescribedCatalog,
  isCreated: (key: string) => boolean,
): Step[] {
  return [...expected.needs(defaultKeyOf(column.key))]
    .map(key => expected.objects.get(key))
    .filter(object => object?.type === 'sequence' && isCreated(object.key))
    .flatMap(object => (object === undefined ? [] : sequenceStart(object)));
}
