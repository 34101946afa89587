import type { CatalogKey } from '@holdfast/postgres';
import type { Comparison } from '../diff/diff-catalogs.ts';
import type { DescribedCatalog } from '../objects/describe-catalog.ts';
import { keyOf, type SchemaObject } from '../objects/schema-object.ts';
import { defaultPrivilegeSteps, settingStep } from './database-steps.ts';
import type { Rebuilds } from './find-rebuilds.ts';
import { quoteName, quotePath, relationOf } from './quote.ts';
import { objectKeyword, objectReference } from './rights-steps.ts';
import { columnKeyOf, kindOf, sortObjects } from './sort-objects.ts';
import type { Step } from './step.ts';
import { detachStep, partitionOf } from './table-steps.ts';

/** The drops, in two parts. */
export interface Drops {
  readonly first: readonly Step[];
  /** What can only go when nothing that stays has to do with it any more. */
  readonly last: readonly Step[];
}

/** Drops what is not expected and what is to be made again, each before what it needs. */
export function dropSteps({ live, raw, expected }: Comparison, rebuilds: Rebuilds): Drops {
  const unexpected = raw.filter(({ kind }) => kind === 'unexpected').map(({ key }) => key);
  const dropped = new Set([...unexpected, ...rebuilds.keys]);
  const schemas = new Set([...dropped].filter(key => kindOf(key) === 'schema'));
  // the contents of an entangled schema go one by one
  const whole = new Set([...dropped].filter(key => !schemas.has(key) || !isEntangled(key, dropped, live)));
  const alone = [...dropped].filter(key => !goesWithSomething(key, whole, live));
  const isLate = (key: string): boolean => schemas.has(key) || isStillUsed(key, dropped, live);
  const order = sortObjects(live).toReversed();
  const stepsOf = (keys: ReadonlySet<string>): Step[] =>
    order
      .filter(key => keys.has(key))
      .flatMap(key => (kindOf(key) === 'default' ? dropDefault(key) : dropObject(live, key)));
  const first = new Set(alone.filter(key => !isLate(key)));
  for (const key of inTheWay(order, whole, live)) first.add(key);
  return {
    first: [...releaseSteps(dropped, expected, live), ...stepsOf(first)],
    last: stepsOf(new Set(alone.filter(isLate))),
  };
}

/** What would go with its table, but needs something that goes before that table: foreign keys in a circle, triggers, defaults. */
function inTheWay(order: readonly string[], dropped: ReadonlySet<string>, live: DescribedCatalog): string[] {
  const place = new Map(order.map((key, index) => [key, index]));
  const carrier = (key: string): string => carrierOf(key, dropped, live) ?? key;
  return order.filter(key => {
    const own = carrier(key);
    if (own === key || live.objects.get(key)?.inherited === true || kindOf(own) !== 'table') return false;
    return [...live.needs(key)].some(need => {
      const other = carrier(need);
      return dropped.has(other) && other !== own && (place.get(other) ?? 0) < (place.get(own) ?? 0);
    });
  });
}

/** The table or schema that a dropped thing disappears with. */
function carrierOf(
  key: string,
  dropped: ReadonlySet<string>,
  { objects }: DescribedCatalog,
): string | undefined {
  let found: string | undefined;
  const climb = (inner: string): void => {
    if (dropped.has(inner)) found = inner;
    for (const outer of objects.get(inner)?.within ?? []) climb(outer);
    const parent = partitionOf(objects.get(inner));
    if (parent !== undefined) climb(keyOf(parent.parent));
  };
  climb(kindOf(key) === 'default' ? columnKeyOf(key) : key);
  return found;
}

/** A table that stays is no part of one that goes: it would be dropped along. */
function releaseSteps(
  dropped: ReadonlySet<string>,
  expected: DescribedCatalog,
  live: DescribedCatalog,
): Step[] {
  const kept = [...live.objects.values()].filter(
    ({ type, key }) => type === 'table' && expected.objects.has(key),
  );
  return kept.flatMap(table => {
    const partition = partitionOf(table);
    const parents = (table.properties.inherits ?? []) as unknown as readonly CatalogKey[];
    const name = quotePath(table.path.slice(1));
    return [
      ...(partition !== undefined && dropped.has(keyOf(partition.parent))
        ? [detachStep(partition, name)]
        : []),
      ...parents
        .filter(parent => dropped.has(keyOf(parent)))
        .map(parent => ({ sql: `alter table ${name} no inherit ${quotePath(parent.slice(1))}` })),
    ];
  });
}

/** Whether anything outside of the schema needs what is in it, or the other way round, so that CASCADE would take too much. */
function isEntangled(
  schema: string,
  dropped: ReadonlySet<string>,
  { objects, needs }: DescribedCatalog,
): boolean {
  const [, name] = JSON.parse(schema) as string[];
  const isInside = (key: string): boolean => {
    const [kind = '', first] = JSON.parse(key) as string[];
    return first === name && objects.get(key)?.type !== 'extension' && kind !== 'schema';
  };
  return [...objects.keys()].some(key => {
    const others = [...needs(key)].filter(need => isInside(need) !== isInside(key));
    return others.some(need => kindOf(need) !== 'schema' && (!isInside(key) || dropped.has(need)));
  });
}

/** A type that a column or another type has until that is changed. */
function isStillUsed(key: string, dropped: ReadonlySet<string>, live: DescribedCatalog): boolean {
  if (kindOf(key) !== 'type') return false;
  const { neededBy, objects } = live;
  return [...neededBy(key)].some(user => {
    const isDropped = [user, ...(objects.get(user)?.within ?? [])].some(item => dropped.has(item));
    return ['column', 'type'].includes(kindOf(user)) && (!isDropped || isStillUsed(user, dropped, live));
  });
}

/** It disappears with the table, schema or column it lies in, or with the parent it is inherited from. */
function goesWithSomething(
  key: string,
  dropped: ReadonlySet<string>,
  { objects, needs }: DescribedCatalog,
): boolean {
  const object = objects.get(key);
  if (object === undefined) return kindOf(key) === 'default' && goesWith(columnKeyOf(key), dropped, objects);
  if (object.type === 'sequence' && object.properties.identity === true) return true;
  if (object.inherited && (object.type !== 'column' || [...needs(key)].some(parent => dropped.has(parent))))
    return true;
  const parent = partitionOf(object);
  if (parent !== undefined && dropped.has(keyOf(parent.parent))) return true;
  return object.within.some(outer => goesWith(outer, dropped, objects));
}

function goesWith(
  key: string,
  dropped: ReadonlySet<string>,
  objects: ReadonlyMap<string, SchemaObject>,
): boolean {
  return (
    dropped.has(key) || (objects.get(key)?.within ?? []).some(outer => goesWith(outer, dropped, objects))
  );
}

function dropDefault(key: string): Step[] {
  const [, schema = '', table = '', column = ''] = JSON.parse(key) as string[];
  const target = relationOf(['table', schema, table]);
  return [{ sql: `alter table ${target} alter column ${quoteName(column)} drop default` }];
}

function dropObject(live: DescribedCatalog, key: string): Step[] {
  const object = live.objects.get(key);
  if (object === undefined) return [];
  const reference = objectReference(object);
  const plain = `drop ${objectKeyword(object)} ${reference}`;
  switch (object.type) {
    case 'schema':
      return [
        {
          sql: `${plain} cascade`,
          destroys: `everything in the schema ${object.name}`,
          allow: ['drop-cascade', 'the expected database lacks it'],
        },
      ];
    case 'table':
      return [
        {
          sql: plain,
          destroys: `all rows of ${object.name}`,
          allow: ['drop-table', 'the expected database lacks it'],
        },
      ];
    case 'view':
    case 'materialized view':
      return [{ sql: plain, allow: ['drop-table', 'nobody expects it, or it is made again below'] }];
    case 'column':
      return [dropColumn(object)];
    case 'sequence':
      return [{ sql: plain, destroys: `how far ${object.name} has counted` }];
    case 'extension':
      return [{ sql: plain, destroys: `the extension ${object.name} with everything that was made by it` }];
    case 'type':
      return [
        { sql: plain, destroys: `the type ${object.name}, and values of it in columns that still have it` },
      ];
    case 'constraint':
      return [dropConstraint(object)];
    case 'index':
      return [dropIndex(object, live)];
    case 'setting':
      return [settingStep(object, null)];
    case 'default privileges':
      return defaultPrivilegeSteps(undefined, object);
    case 'server setting':
    case 'database':
      return [];
    default:
      return [{ sql: plain }];
  }
}

function dropColumn(object: SchemaObject): Step {
  const sql = `alter table ${relationOf(object.path)} drop column ${quoteName(object.path[3] ?? '')}`;
  const allow = ['drop-column', 'the expected table has no such column'] as const;
  if (typeof object.properties.generated === 'string') return { sql, allow };
  return { sql, allow, destroys: `all values of ${object.name}` };
}

function dropConstraint({ path, properties }: SchemaObject): Step {
  const sql = `alter table ${relationOf(path)} drop constraint ${quoteName(path[3] ?? '')}`;
  const isKey = properties.kind === 'primary key' || properties.kind === 'unique';
  return isKey ? { sql, allow: ['drop-key', 'it is not as expected'] } : { sql };
}

function dropIndex(object: SchemaObject, { objects }: DescribedCatalog): Step {
  const partitioned = object.within.some(key => objects.get(key)?.properties.kind === 'partitioned');
  if (!partitioned) return { sql: `drop index concurrently ${objectReference(object)}`, alone: true };
  return {
    sql: `drop index ${objectReference(object)}`,
    allow: ['drop-index-not-concurrent', 'an index on a partitioned table cannot be dropped concurrently'],
  };
}
