import type { Catalog, CatalogKey } from '@holdfast/postgres';
import type { SchemaObject } from '../objects/schema-object.ts';
import type { Rename } from './find-renames.ts';

/**
 * A catalog as it would be after a rename: PostgreSQL keeps references by identity, so that every definition follows. All names
 * in definitions are qualified, which makes the text safe to change; the bodies of functions are text to PostgreSQL as well,
 * and stay as they are.
 */
export function applyRename(catalog: Catalog, rename: Rename): Catalog {
  const { tables, dependencies, ...rest } = catalog;
  const renamed = replaceIn({ tables, ...rest }, rename) as Catalog;
  return {
    ...renamed,
    dependencies: (dependencies ?? []).map(({ object, needs }) => ({
      object: renameKey(object, rename),
      needs: needs.map(key => renameKey(key, rename)),
    })),
  };
}

function renameKey(key: CatalogKey, { live, expected }: Rename): CatalogKey {
  const [kind, ...path] = key;
  const [from, to] = [live.path.slice(1), expected.path.slice(1)];
  const inside: readonly string[] = PARTS[live.type] ?? [];
  if (kind !== live.type && !inside.includes(kind)) return key;
  if (!from.every((name, index) => path[index] === name)) return key;
  return [kind, ...to, ...path.slice(from.length)];
}

const TABLE_PARTS = ['column', 'default', 'constraint', 'trigger', 'policy', 'rule'];
const EVERYTHING = [
  ...TABLE_PARTS,
  'table',
  'view',
  'materialized view',
  'sequence',
  'type',
  'function',
  'index',
];

/** The kinds of keys that begin with the path of the renamed thing. */
const PARTS: Partial<Record<SchemaObject['type'], readonly string[]>> = {
  schema: [...EVERYTHING, 'collation', 'statistics'],
  table: TABLE_PARTS,
  view: ['trigger', 'rule'],
  column: ['default'],
};

/** Members of catalog entries that hold SQL or types. */
const TEXTS = new Set([
  'definition',
  'default',
  'type',
  'using',
  'check',
  'bound',
  'partitionKey',
  'base',
  'returns',
  'arguments',
  'aggregate',
]);

function replaceIn(value: unknown, rename: Rename, name = ''): unknown {
  if (typeof value === 'string') return TEXTS.has(name) ? replaceText(value, rename) : value;
  if (Array.isArray(value)) {
    if (isKey(value)) return renameKey(value, rename);
    if (name === 'columns' && rename.live.type === 'column' && value.every(item => typeof item === 'string'))
      return value;
    return value.map(item => replaceIn(item, rename, name));
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, replaceIn(inner, rename, key)]);
  return renameEntry(Object.fromEntries(entries), rename);
}

const KEY_KINDS = new Set([...EVERYTHING]);

function isKey(value: readonly unknown[]): value is CatalogKey {
  return value.length > 1 && value.every(part => typeof part === 'string') && KEY_KINDS.has(String(value[0]));
}

/** The names themselves, which stand apart in an entry: its schema, its table, its own. */
function renameEntry(entry: Record<string, unknown>, rename: Rename): unknown {
  if (rename.live.type === 'schema') return renameSchema(entry, rename);
  if (rename.live.type === 'column') return renameColumn(entry, rename.live, rename.expected.path[3]);
  const [, schema, name, third] = rename.live.path;
  const [, , newName, newThird] = rename.expected.path;
  if (entry.schema !== schema) return entry;
  if (third !== undefined && rename.live.type !== 'function') {
    return entry.table === name && entry.name === third ? { ...entry, name: newThird } : entry;
  }
  const own = entry.name === name && isOfType(entry, rename.live) ? { name: newName } : {};
  const relation = ['table', 'view', 'materialized view'].includes(rename.live.type);
  return { ...entry, ...own, ...(relation && entry.table === name ? { table: newName } : {}) };
}

function renameSchema(entry: Record<string, unknown>, { live, expected }: Rename): unknown {
  const [, from] = live.path;
  const [, to] = expected.path;
  const schemas = Array.isArray(entry.schemas)
    ? { schemas: (entry.schemas as string[]).map(item => (item === from ? to : item)).sort() }
    : {};
  const inside = entry.schema === from ? { schema: to } : {};
  const own = entry.name === from && 'acl' in entry && !('schema' in entry) ? { name: to } : {};
  return { ...entry, ...schemas, ...inside, ...own };
}

function renameColumn(entry: Record<string, unknown>, live: SchemaObject, to: string | undefined): unknown {
  const [, schema, table, column] = live.path;
  const rename = (name: unknown): unknown => (name === column ? to : name);
  if (entry.schema === schema && entry.name === table && Array.isArray(entry.columns)) {
    const columns = (entry.columns as { readonly name: string }[]).map(item => ({
      ...item,
      name: rename(item.name),
    }));
    return { ...entry, columns };
  }
  if (entry.schema === schema && entry.table === table && Array.isArray(entry.columns)) {
    return { ...entry, columns: (entry.columns as string[]).map(rename) };
  }
  return entry;
}

/** An entry does not say its kind; each kind has members that no other has. */
function isOfType(entry: Record<string, unknown>, { type }: SchemaObject): boolean {
  const tell: Partial<Record<SchemaObject['type'], string>> = {
    table: 'rowSecurity',
    view: 'materialized',
    'materialized view': 'materialized',
    sequence: 'increment',
    function: 'arguments',
    index: 'ready',
    type: 'labels',
    collation: 'deterministic',
    statistics: 'definition',
  };
  const member = tell[type];
  return member !== undefined && member in entry;
}

function replaceText(text: string, { live, expected }: Rename): string {
  const quote = (name = ''): string =>
    /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
  const escaped = (name: string): string => name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const word = (name: string, after = ''): RegExp =>
    new RegExp(`(?<![\\w$"])${escaped(name)}(?![\\w$"])${after}`, 'g');
  const [, schema, name, third] = live.path;
  const [, newSchema, newName, newThird] = expected.path;
  if (live.type === 'schema') return text.replaceAll(word(quote(schema), '(?=\\.)'), quote(newSchema));
  if (live.type === 'column') {
    // a view keeps the names of its own columns: `full_name AS name` is `name` again
    const replaced = text.replaceAll(word(quote(third)), quote(newThird));
    return replaced.replaceAll(`${quote(newThird)} AS ${quote(newThird)}`, quote(newThird));
  }
  if (third !== undefined && live.type !== 'function') return text;
  const qualified = text.replaceAll(
    word(`${quote(schema)}.${quote(name)}`),
    `${quote(newSchema)}.${quote(newName)}`,
  );
  return qualified.replaceAll(word(quote(name), '(?=\\.)'), quote(newName));
}
