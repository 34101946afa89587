import type { Catalog, CatalogColumn, CatalogTable, CatalogTrigger } from '@holdfast/postgres';

/** One way in which a schema is not the one that was expected. */
export interface CatalogDifference {
  /** `missing`: expected and not there; `unexpected`: there and not expected; `changed`: there, and different. */
  readonly kind: 'missing' | 'unexpected' | 'changed';
  /** The kind of object and its qualified name: `table public.users`, `column public.users.email`. */
  readonly object: string;
  /** What differs, when `changed`. */
  readonly property?: string;
  readonly expected?: string;
  readonly found?: string;
}

type Properties = Readonly<Record<string, unknown>>;

/**
 * What the found schema has differently from the expected one, by meaning: the order of a table's columns is none. A table that
 * is missing is one difference, without its columns, indexes, constraints and triggers. Pure.
 */
export function catalogDifferences(expected: Catalog, found: Catalog): CatalogDifference[] {
  const [wanted, actual] = [objects(expected), objects(found)];
  const names = [...new Set([...wanted.keys(), ...actual.keys()])].sort();
  const all = names.flatMap(name => differences(name, wanted.get(name), actual.get(name)));
  const whole = new Set(
    all
      .filter(({ kind, object }) => kind !== 'changed' && object.startsWith('table '))
      .map(({ object }) => object),
  );
  return all.filter(({ object }) => {
    const table = (wanted.get(object) ?? actual.get(object))?.table;
    return table === undefined || !whole.has(`table ${table}`);
  });
}

function differences(
  object: string,
  expected: Properties | undefined,
  found: Properties | undefined,
): CatalogDifference[] {
  if (found === undefined) return [{ kind: 'missing', object }];
  if (expected === undefined) return [{ kind: 'unexpected', object }];
  return Object.keys(expected)
    .filter(property => text(expected[property]) !== text(found[property]))
    .map(property => ({
      kind: 'changed',
      object,
      property,
      expected: text(expected[property]),
      found: text(found[property]),
    }));
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

/** Every object by its name, with what matters about it; `table` names the table that it belongs to. */
function objects(catalog: Catalog): Map<string, Properties> {
  const schemas = catalog.schemas.map(name => [`schema ${name}`, {}] as const);
  return new Map<string, Properties>([
    ...schemas,
    ...catalog.tables.flatMap(tableObjects),
    ...catalog.indexes.map(({ schema, name, table, ...rest }) => {
      return [`index ${schema}.${name}`, { ...rest, table: `${schema}.${table}` }] as const;
    }),
    ...catalog.constraints.map(({ schema, name, table, ...rest }) => {
      const owner = `${schema}.${table}`;
      return [`constraint ${name} of ${owner}`, { ...rest, table: owner }] as const;
    }),
    ...catalog.triggers.map(triggerObject),
    ...catalog.sequences.map(({ schema, name, ...rest }) => [`sequence ${schema}.${name}`, rest] as const),
    ...catalog.functions.map(({ schema, name, arguments: types, ...rest }) => {
      return [`function ${schema}.${name}(${types})`, rest] as const;
    }),
    ...catalog.views.map(({ schema, name, ...rest }) => [`view ${schema}.${name}`, rest] as const),
    ...catalog.types.map(({ schema, name, ...rest }) => [`type ${schema}.${name}`, rest] as const),
    ...catalog.extensions.map(({ name, version }) => [`extension ${name}`, { version }] as const),
  ]);
}

function tableObjects({ schema, name, columns, ...rest }: CatalogTable): (readonly [string, Properties])[] {
  const table = `${schema}.${name}`;
  const column = ({ name: own, ...properties }: CatalogColumn) =>
    [`column ${table}.${own}`, { ...properties, table }] as const;
  return [[`table ${table}`, rest], ...columns.map(column)];
}

/** Those behind a foreign key are known by it and by what they do. */
function triggerObject(trigger: CatalogTrigger): readonly [string, Properties] {
  const { schema, name, table, definition, enabled, internal, constraint } = trigger;
  const owner = `${schema}.${table}`;
  const own = internal ? `${definition} for ${constraint ?? name}` : name;
  return [`trigger ${own} of ${owner}`, { definition, enabled, table: owner }];
}

/** One line for a reader. */
export function describeDifference({ kind, object, property, expected, found }: CatalogDifference): string {
  if (kind !== 'changed') return `${object} is ${kind}`;
  return `${object}: its ${property} is ${found} instead of ${expected}`;
}
