import type { Comparison } from '../diff/diff-catalogs.ts';
import type { SchemaObject } from '../objects/schema-object.ts';
import { type ReshapedType, reshape } from './composite-steps.ts';
import { quoteName, quotePath, quoteText } from './quote.ts';
import { kindOf } from './sort-objects.ts';
import { listOf, type Step, textOf } from './step.ts';

/** Types that get a successor of their name, and what has to move over. */
export interface Replacement {
  /** In the order in which they are made. */
  readonly types: readonly SchemaObject[];
  /** Of composite types with other attributes than expected, by key: rows fit by their text where these are the same. */
  readonly reshaped: ReadonlyMap<string, ReshapedType>;
  /** Live columns of these types and of arrays of them; their children follow by themselves. */
  readonly columns: readonly SchemaObject[];
  /** What the replacement loses; undefined when nothing is replaced. */
  readonly destroys: string;
}

/**
 * A type whose labels cannot be changed in place gets a successor of the same name, and with it every domain over it and every
 * composite type with a field of it. What stands in the way of that (views, checks, functions, indexes with a label in them) is
 * dropped before and made again after.
 * @param types keys of the enums and of the types over them, in the order in which they are made
 * @param isGone whether the script has dropped a live object before
 */
export function planReplacement(
  types: readonly string[],
  { expected, live }: Comparison,
  isGone: (key: string) => boolean,
): Replacement {
  const columns = new Set(
    types.flatMap(type => [...live.neededBy(type)]).filter(key => kindOf(key) === 'column'),
  );
  const reshaped = new Map(
    types.flatMap((key): [string, ReshapedType][] => {
      const change = reshape(expected.objects.get(key), live.objects.get(key));
      return change === undefined ? [] : [[key, change]];
    }),
  );
  return {
    types: types.flatMap(key => expected.objects.get(key) ?? []),
    reshaped,
    columns: [...columns]
      .filter(key => !isGone(key))
      .flatMap(key => live.objects.get(key) ?? [])
      .filter(column => !column.inherited && !column.within.some(isGone)),
    destroys: types
      .flatMap(key => [
        ...lossOf(expected.objects.get(key), live.objects.get(key)),
        ...(reshaped.get(key)?.losses ?? []),
      ])
      .join('; '),
  };
}

function lossOf(expected: SchemaObject | undefined, live: SchemaObject | undefined): string[] {
  if (expected?.properties.kind !== 'enum' || live === undefined) return [];
  const gone = listOf(live, 'labels').filter(label => !listOf(expected, 'labels').includes(label));
  if (gone.length === 0) return [`the order that rows have by the labels of ${expected.name}`];
  const labels = gone.map(quoteText).join(', ');
  return [
    `the labels ${labels} of ${expected.name}; it fails while a row has one of them, so change those rows first`,
  ];
}

/** A column that PostgreSQL cannot change the type of: the first that is in the partition key of its table. */
export function partitionKeyColumn(
  columns: readonly SchemaObject[],
  live: (key: string) => SchemaObject | undefined,
): SchemaObject | undefined {
  return columns.find(({ path, within }) => {
    const keys = within.map(key => live(key)?.properties['partition key']);
    const name = quoteName(path[3] ?? '');
    return keys.some(key => typeof key === 'string' && key.split(/[(), ]+/).includes(name));
  });
}

/** Puts all of them aside, before the first successor is made, without the attributes that it will not have. */
export function putAside({ types, reshaped, destroys }: Replacement): Step[] {
  const renames = types.map((type): Step => {
    const name = quotePath(type.path.slice(1));
    return {
      sql: `alter ${keyword(type)} ${name} rename to ${quoteName(aside(type))}`,
      allow: ['rename-table', 'its successor gets the name'],
    };
  });
  const steps = [...[...reshaped.values()].flatMap(({ first }) => first), ...renames];
  return steps.map(step => ({ ...step, destroys }));
}

/** Moves the columns over by their text, which refuses labels that are no more, drops what was put aside, and adds attributes. */
export function moveOver({ types, reshaped, columns, destroys }: Replacement): Step[] {
  const moves = columns.map((column): Step => {
    const [name, type] = [quoteName(column.path[3] ?? ''), textOf(column, 'type')];
    return {
      sql: `alter table ${quotePath(column.path.slice(1, 3))} alter column ${name} type ${type} using ${name}::text::${type}`,
      destroys,
      allow: ['change-column-type', 'an enum cannot lose a label in place'],
    };
  });
  const drops = types.toReversed().map((type): Step => {
    return { sql: `drop ${keyword(type)} ${quotePath([type.path[1] ?? '', aside(type)])}`, destroys };
  });
  const added = [...reshaped.values()].flatMap(({ last }) => last);
  return [...moves, ...drops, ...added.map(step => (step.manual === true ? step : { ...step, destroys }))];
}

function keyword({ properties }: SchemaObject): string {
  return properties.kind === 'domain' ? 'domain' : 'type';
}

function aside({ path }: SchemaObject): string {
  return `${(path[2] ?? '').slice(0, 50)}__replaced`;
}
