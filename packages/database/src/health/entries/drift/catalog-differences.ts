import type { Catalog } from '@holdfast/postgres';

/** One thing in which the database is not what it should be. */
export interface CatalogDifference {
  /** `table`, `column`, `index`, `constraint`, `trigger`, … */
  readonly type: string;
  /** As SQL would write it, with schema and table. */
  readonly name: string;
  readonly change: 'missing' | 'unexpected' | 'changed';
  /** Which property is another one; null for objects that are missing or unexpected. */
  readonly property: string | null;
  readonly expected: string | null;
  readonly live: string | null;
  /** The object as it should be, or as it is when it should not be at all. */
  readonly object: CatalogObject;
}

export type CatalogObject = Readonly<Record<string, unknown>>;

/** The lists of a catalog, and what one item of each is called. */
const TYPES: Readonly<Record<string, string>> = {
  schemaDetails: 'schema',
  tables: 'table',
  indexes: 'index',
  constraints: 'constraint',
  triggers: 'trigger',
  policies: 'policy',
  rules: 'rule',
  sequences: 'sequence',
  functions: 'function',
  views: 'view',
  types: 'type',
  extensions: 'extension',
  eventTriggers: 'event trigger',
  defaultPrivileges: 'default privileges',
  settings: 'setting',
};

/** What tells an object from its namesakes. */
const KEYS = ['schema', 'table', 'name', 'arguments', 'role', 'objects', 'inDatabase'];
/** What other entries judge, and what is no property of the design. */
const IGNORED = new Set([
  ...KEYS,
  'columns',
  'comment',
  'valid',
  'ready',
  'validated',
  'enabled',
  'populated',
]);

/**
 * What is missing, too much or otherwise than expected, in the schemas that the expectation is about. Members that only one of the
 * catalogs has are not compared: an older one knows less.
 */
export function catalogDifferences(expected: Catalog, live: Catalog): CatalogDifference[] {
  const lists = Object.entries(TYPES).flatMap(([member, type]) => {
    const [wanted, found] = [listOf(expected, member), listOf(live, member)];
    if (wanted === undefined || found === undefined) return [];
    const inScope = found.filter(({ schema }) => schema === undefined || isIn(expected, schema));
    return compareLists(
      type,
      wanted.filter(isDesigned),
      type === 'extension' ? found : inScope.filter(isDesigned),
    );
  });
  return [...lists, ...compareServerSettings(expected, live)];
}

function listOf(catalog: Catalog, member: string): readonly CatalogObject[] | undefined {
  const list: unknown = Object.entries(catalog).find(([name]) => name === member)?.[1];
  if (!Array.isArray(list)) return undefined;
  return member === 'indexes' ? withoutConstraints(catalog) : list;
}

/** The index of a constraint is part of that, and has its name. */
function withoutConstraints({ indexes, constraints }: Catalog): CatalogObject[] {
  const names = new Set(constraints.map(({ schema, name }) => JSON.stringify([schema, name])));
  return indexes
    .filter(({ schema, name }) => !names.has(JSON.stringify([schema, name])))
    .map(index => ({ ...index }));
}

function isIn({ schemas }: Catalog, schema: unknown): boolean {
  return schema === null || schemas.some(name => name === schema);
}

/** Triggers of foreign keys stand and fall with them, NOT NULL is a property of the column. */
function isDesigned({ internal, kind }: CatalogObject): boolean {
  return internal !== true && kind !== 'not null';
}

function compareLists(
  type: string,
  expected: readonly CatalogObject[],
  live: readonly CatalogObject[],
): CatalogDifference[] {
  const found = new Map(live.map(object => [keyOf(object), object]));
  const wanted = new Map(expected.map(object => [keyOf(object), object]));
  const missing = [...wanted].flatMap(([key, object]) =>
    found.has(key) ? [] : [whole(type, 'missing', object)],
  );
  const unexpected = [...found].flatMap(([key, object]) =>
    wanted.has(key) ? [] : [whole(type, 'unexpected', object)],
  );
  const changed = [...wanted].flatMap(([key, object]) => {
    const other = found.get(key);
    return other === undefined ? [] : compareObjects(type, object, other);
  });
  return [...missing, ...changed, ...unexpected];
}

function whole(type: string, change: 'missing' | 'unexpected', object: CatalogObject): CatalogDifference {
  return { type, name: nameOf(object), change, property: null, expected: null, live: null, object };
}

function compareObjects(type: string, expected: CatalogObject, live: CatalogObject): CatalogDifference[] {
  const properties = Object.keys(expected).filter(
    property => !IGNORED.has(property) && live[property] !== undefined,
  );
  const own = properties.flatMap(property => {
    const [before, now] = [textOf(expected[property]), textOf(live[property])];
    if (before === now) return [];
    return [
      {
        type,
        name: nameOf(expected),
        change: 'changed' as const,
        property,
        expected: before,
        live: now,
        object: expected,
      },
    ];
  });
  return type === 'table' ? [...own, ...compareColumns(expected, live)] : own;
}

function compareColumns(expected: CatalogObject, live: CatalogObject): CatalogDifference[] {
  const ofTable = (table: CatalogObject): CatalogObject[] =>
    Array.isArray(table.columns)
      ? table.columns.map(column => ({ ...column, schema: expected.schema, table: expected.name }))
      : [];
  return compareLists('column', ofTable(expected), ofTable(live));
}

function compareServerSettings(expected: Catalog, live: Catalog): CatalogDifference[] {
  const [wanted, found] = [expected, live].map(
    catalog => Object.entries(catalog).find(([name]) => name === 'serverSettings')?.[1],
  );
  if (!isRecord(wanted) || !isRecord(found)) return [];
  return Object.entries(wanted).flatMap(([name, value]) => {
    const now = found[name];
    if (now === undefined || textOf(now) === textOf(value)) return [];
    const object = { name, value };
    return [
      {
        type: 'setting',
        name,
        change: 'changed',
        property: 'value',
        expected: textOf(value),
        live: textOf(now),
        object,
      },
    ];
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function keyOf(object: CatalogObject): string {
  return JSON.stringify(KEYS.map(key => object[key] ?? null));
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function nameOf(object: CatalogObject): string {
  const path = [object.schema, object.table, object.name].filter(part => typeof part === 'string');
  const subject = path.length > 0 ? path.map(quoteName).join('.') : `${object.role} ${object.objects}`;
  return typeof object.arguments === 'string' ? `${subject}(${object.arguments})` : subject;
}

/** Quoted only where it must be, as `quote_ident` does but for reserved words. */
export function quoteName(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
