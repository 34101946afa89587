import type { Comparison } from '../diff/diff-catalogs.ts';
import type { DescribedCatalog } from '../objects/describe-catalog.ts';
import type { SchemaObject } from '../objects/schema-object.ts';
import { defaultPrivilegeSteps, settingStep } from './database-steps.ts';
import type { Rebuilds } from './find-rebuilds.ts';
import { quoteName, relationOf } from './quote.ts';
import { objectKeyword, objectReference } from './rights-steps.ts';
import { columnKeyOf, kindOf, sortObjects } from './sort-objects.ts';
import type { Step } from './step.ts';

/** Drops what is not expected and what is to be made again, each before what it needs. */
export function dropSteps({ live, raw }: Comparison, rebuilds: Rebuilds): Step[] {
  const unexpected = raw.filter(({ kind }) => kind === 'unexpected').map(({ key }) => key);
  const dropped = new Set([...unexpected, ...rebuilds.keys]);
  const order = new Map(sortObjects(live).map((key, index) => [key, index]));
  const place = (key: string): number => order.get(key) ?? 0;
  return [...dropped]
    .filter(key => !goesWithSomething(key, dropped, live))
    .sort((one, other) => lastPlace(other, live, place) - lastPlace(one, live, place))
    .flatMap(key => (kindOf(key) === 'default' ? dropDefault(key) : dropObject(live, key)));
}

/** A table goes where the last thing in it would go: its foreign keys need other tables. */
function lastPlace(
  key: string,
  { neededBy, objects }: DescribedCatalog,
  place: (key: string) => number,
): number {
  if (!['table', 'schema'].includes(kindOf(key))) return place(key);
  const inside = [...neededBy(key)].filter(other => objects.get(other)?.within.includes(key));
  return Math.max(place(key), ...inside.map(place));
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
