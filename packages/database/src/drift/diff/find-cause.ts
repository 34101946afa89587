import type { DescribedCatalog } from '../objects/describe-catalog.ts';
import { keyOf, type PropertyValue, type SchemaObject } from '../objects/schema-object.ts';
import type { RawDifference } from './difference.ts';
import { propertyOf } from './raw-differences.ts';
import { renamedLabels } from './renamed-labels.ts';
import { asText, sameButForCasts } from './same-value.ts';

/** The differences by the key of their object. */
export type DifferenceIndex = ReadonlyMap<string, readonly RawDifference[]>;

/** Both catalogs and what differs. */
export interface Sides {
  readonly expected: DescribedCatalog;
  readonly live: DescribedCatalog;
  readonly found: DifferenceIndex;
}

/** The difference that another one follows from; undefined when it stands for itself. */
export function findCause(difference: RawDifference, sides: Sides): RawDifference | undefined {
  return difference.kind === 'changed' ? causeOfChange(difference, sides) : causeOfAbsence(difference, sides);
}

/** What needs something that is missing is missing with it; what only an unexpected thing made possible came with that. */
function causeOfAbsence({ kind, key }: RawDifference, sides: Sides): RawDifference | undefined {
  const side = kind === 'missing' ? sides.expected : sides.live;
  const object = side.objects.get(key);
  const needed = [...side.needs(key), ...generatedNeeds(object, side)].sort(outermostFirst);
  for (const other of needed) {
    const cause = sides.found.get(other)?.find(difference => difference.kind === kind);
    if (cause !== undefined) return cause;
  }
  if (object?.inherited) return parentChange(object, sides);
  if (object?.type !== 'sequence' || object.properties.identity !== true) return undefined;
  return needed
    .flatMap(other => sides.found.get(other) ?? [])
    .find(difference => difference.property === 'identity');
}

/** Without its expression a generated column cannot be. */
function generatedNeeds(object: SchemaObject | undefined, { needs }: DescribedCatalog): string[] {
  if (object?.type !== 'column' || typeof object.properties.generated !== 'string') return [];
  return [...needs(defaultKey(object))].filter(key => key !== object.key && !object.within.includes(key));
}

/** A partition that is detached loses the triggers of its parent. */
function parentChange({ within }: SchemaObject, { found }: Sides): RawDifference | undefined {
  return within
    .flatMap(table => found.get(table) ?? [])
    .find(({ property }) => property === 'partition of' || property === 'inherits');
}

function causeOfChange(difference: RawDifference, sides: Sides): RawDifference | undefined {
  const object = sides.expected.objects.get(difference.key);
  if (object === undefined) return undefined;
  return (
    causeInSameObject(difference, object, sides) ??
    causeInOwner(difference, sides) ??
    causeInParent(difference, object, sides) ??
    causeInText(difference, sides) ??
    causeInNeeded(difference, object, sides)
  );
}

/** A property of an object that follows another property of it. */
const FOLLOWS: Readonly<Record<string, readonly string[]>> = {
  'constraint.definition': ['kind'],
  'constraint.index': ['definition', 'kind'],
  'constraint.triggers': ['definition', 'enforced'],
  'constraint.validated': ['enforced', 'definition'],
  'index.statistics': ['definition'],
  'sequence.maximum': ['type'],
  'sequence.minimum': ['type'],
  'materialized view.populated': ['definition'],
  'column.collation': ['type'],
  'column.storage': ['type'],
  'column.default': ['generated', 'identity'],
  'column.not null': ['identity'],
  'table.partition key': ['kind'],
};

function causeInSameObject(
  { key, property }: RawDifference,
  { type }: SchemaObject,
  { found }: Sides,
): RawDifference | undefined {
  const leaders = FOLLOWS[`${type}.${property}`] ?? [];
  return found.get(key)?.find(other => other.property !== null && leaders.includes(other.property));
}

/** The rights of an owner are not listed, so that those of a new owner disappear from the list and the old one's appear. */
function causeInOwner(
  { key, property, expected, live }: RawDifference,
  { found }: Sides,
): RawDifference | undefined {
  const owner = found.get(key)?.find(other => other.property === 'owner');
  if (owner === undefined || property !== 'privileges') return undefined;
  const others = (value: PropertyValue): PropertyValue =>
    Object.fromEntries(
      Object.entries(value ?? {}).filter(([role]) => !['@owner', owner.expected, owner.live].includes(role)),
    );
  return asText(others(expected)) === asText(others(live)) ? owner : undefined;
}

/** A child table follows its parent, a sequence the table of its column. */
function causeInParent(
  { key, property }: RawDifference,
  object: SchemaObject,
  { expected, found }: Sides,
): RawDifference | undefined {
  const follows = (path: string): boolean => {
    const [type] = JSON.parse(path) as [string];
    if (object.inherited) return type === object.type;
    return object.type === 'sequence' && property === 'persistence' && type === 'table';
  };
  const parents = object.type === 'sequence' ? tablesOf(key, expected) : [...expected.needs(key)];
  return parents
    .filter(follows)
    .flatMap(parent => found.get(parent) ?? [])
    .find(other => other.property === property);
}

function tablesOf(key: string, { needs, objects }: DescribedCatalog): string[] {
  return [...needs(key)].flatMap(column => objects.get(column)?.within ?? []);
}

/**
 * PostgreSQL writes casts and labels of enums into expressions: they change with the type, mean no change of their own, and are
 * as expected again when the type is.
 */
export function causeInText(
  { key, property, expected: wanted, live: found }: RawDifference,
  sides: Sides,
): RawDifference | undefined {
  const object = sides.expected.objects.get(key);
  if (property === 'type' || property === null || object === undefined) return undefined;
  const needed = [key, ...sides.expected.needs(key), ...sides.expected.needs(defaultKey(object))];
  const around = object.within.flatMap(outer => [...sides.expected.needs(outer)]);
  const changes = [...needed, ...around].flatMap(other => sides.found.get(other) ?? []);
  return changes.find(other => {
    if (other.property === 'labels') return other.key !== key && sameButForLabels(wanted, found, other);
    return ['type', 'base type'].includes(other.property ?? '') && sameButForCasts(wanted, found);
  });
}

function sameButForLabels(wanted: PropertyValue, found: PropertyValue, labels: RawDifference): boolean {
  const pairs = renamedLabels(labels.expected, labels.live);
  if (pairs.length === 0 || typeof found !== 'string') return false;
  const text = pairs.reduce((result, [to, from]) => result.replaceAll(quoted(from), quoted(to)), found);
  return text === wanted;
}

const quoted = (label: string): string => `'${label.replaceAll("'", "''")}'`;

function causeInNeeded(
  { property, key }: RawDifference,
  object: SchemaObject,
  sides: Sides,
): RawDifference | undefined {
  if (property === 'default') return missingAmong(sides.expected.needs(defaultKey(object)), sides);
  if (property === 'identity') return partitionOfTable(object, sides);
  if (property === 'not null') return primaryKeyAround(object, sides);
  if (property === 'partition of' || property === 'inherits')
    return missingAmong(sides.expected.needs(key), sides);
  if (property === 'owned by') return missingAmong(sides.expected.needs(key), sides);
  if (property === 'tables' || property === 'schemas') return missingAmong(sides.expected.needs(key), sides);
  if (object.type === 'table' && (property === 'clustered on' || property === 'replica identity')) {
    return missingIndex(object, propertyOf(object, property), sides);
  }
  return undefined;
}

/** Since PostgreSQL 17 a partition has the identity columns of its parent. */
function partitionOfTable({ within }: SchemaObject, { found }: Sides): RawDifference | undefined {
  return within.flatMap(table => found.get(table) ?? []).find(({ property }) => property === 'partition of');
}

function defaultKey({ path }: SchemaObject): string {
  return keyOf(['default', ...path.slice(1)]);
}

function missingAmong(keys: Iterable<string>, { found }: Sides): RawDifference | undefined {
  return [...keys].flatMap(key => found.get(key) ?? []).find(({ kind }) => kind === 'missing');
}

/** The columns of a primary key are not null because of it. */
function primaryKeyAround({ key, within }: SchemaObject, { live, found }: Sides): RawDifference | undefined {
  const [table] = within;
  for (const neighbour of live.neededBy(key)) {
    const constraint = live.objects.get(neighbour);
    if (constraint?.properties.kind !== 'primary key' || constraint.within[0] !== table) continue;
    const cause = found.get(neighbour)?.find(({ kind }) => kind === 'unexpected');
    if (cause !== undefined) return cause;
  }
  return undefined;
}

function missingIndex(
  { path }: SchemaObject,
  value: PropertyValue,
  { found }: Sides,
): RawDifference | undefined {
  const [, schema = '', table = ''] = path;
  const name = String(value).replace(/^index "?|"$/g, '');
  const keys = [keyOf(['index', schema, name]), keyOf(['constraint', schema, table, name])];
  return keys.flatMap(key => found.get(key) ?? []).find(({ kind }) => kind === 'missing');
}

/** A missing schema explains more than the missing table in it. */
function outermostFirst(one: string, other: string): number {
  return (
    (JSON.parse(one) as string[]).length - (JSON.parse(other) as string[]).length || (one < other ? -1 : 1)
  );
}
