import type { DescribedCatalog } from '../objects/describe-catalog.ts';
import type { ObjectType, SchemaObject } from '../objects/schema-object.ts';
import { asText } from './same-value.ts';

/** Something that is there under another name. */
export interface Rename {
  readonly expected: SchemaObject;
  readonly live: SchemaObject;
}

/** In the order in which they are looked for: with a table its columns and indexes get their expected path. */
export const RENAMED_TYPES: readonly ObjectType[] = [
  'schema',
  'type',
  'collation',
  'table',
  'column',
  'sequence',
  'view',
  'materialized view',
  'function',
  'constraint',
  'index',
  'trigger',
  'policy',
  'rule',
  'statistics',
];

/**
 * Pairs of a missing and an unexpected object of one type that differ in nothing but their names, in the same place. Where more
 * than one pair is possible, none is taken.
 */
export function findRenames(type: ObjectType, expected: DescribedCatalog, live: DescribedCatalog): Rename[] {
  const missing = only(type, expected, live);
  const unexpected = only(type, live, expected);
  if (type === 'schema') return renamedSchemas(missing, unexpected, expected, live);
  const lives = Map.groupBy(unexpected, object => fingerprint(object, live));
  const expecteds = Map.groupBy(missing, object => fingerprint(object, expected));
  return [...expecteds].flatMap(([print, objects]) => {
    const [one, second] = objects;
    const [other, third] = lives.get(print) ?? [];
    if (one === undefined || other === undefined || second !== undefined || third !== undefined) return [];
    return [{ expected: one, live: other }];
  });
}

/** What a partition has because its parent has it, and yet under a name of its own. */
const NAMED_APART: ReadonlySet<ObjectType> = new Set(['constraint', 'index']);

/** What one side has and the other has not, although it has everything around it. */
function only(type: ObjectType, side: DescribedCatalog, other: DescribedCatalog): SchemaObject[] {
  return [...side.objects.values()].filter(
    object =>
      object.type === type &&
      (!object.inherited || NAMED_APART.has(type)) &&
      !other.objects.has(object.key) &&
      object.within.every(outer => other.objects.has(outer)),
  );
}

function fingerprint(object: SchemaObject, side: DescribedCatalog): string {
  const known = Object.entries(object.properties).filter(
    ([name, value]) => value !== undefined && name !== 'clustered on' && name !== 'replica identity',
  );
  const rest = [object.within, Object.fromEntries(known), contents(object, side)];
  return asText(rest as Parameters<typeof asText>[0]);
}

/** What tells one from another of its kind beyond its properties: the columns of a table, the place of a column. */
function contents(object: SchemaObject, { catalog }: DescribedCatalog): unknown {
  const [, schema = '', table = '', name = ''] = object.path;
  const columns = catalog.tables.find(item => item.schema === schema && item.name === table)?.columns ?? [];
  if (object.type === 'table') return columns.map(column => [column.name, column.type]);
  if (object.type === 'column') return [columns.findIndex(column => column.name === name), columns.length];
  if (object.type === 'function') return object.path.slice(3);
  return null;
}

/** Schemas of which each has at least half of what is in the other, by kind and name, and no third one has. */
function renamedSchemas(
  missing: readonly SchemaObject[],
  unexpected: readonly SchemaObject[],
  expected: DescribedCatalog,
  live: DescribedCatalog,
): Rename[] {
  const pairs = missing.flatMap(one =>
    unexpected
      .filter(other => areAlike(insides(one, expected), insides(other, live)))
      .map(other => ({ expected: one, live: other })),
  );
  return pairs.filter(
    pair => pairs.filter(other => other.expected === pair.expected || other.live === pair.live).length === 1,
  );
}

function insides({ key }: SchemaObject, { objects }: DescribedCatalog): Set<string> {
  const inside = [...objects.values()].filter(item => item.within.includes(key));
  return new Set(inside.map(({ type, path }) => `${type} ${path[2]}`));
}

function areAlike(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  const common = [...one].filter(item => other.has(item)).length;
  return common > 0 && common * 2 >= Math.max(one.size, other.size);
}
