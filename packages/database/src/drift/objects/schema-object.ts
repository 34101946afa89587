import type { CatalogKey } from '@holdfast/postgres';

/** What kind of thing an object is, in the words of SQL. */
export type ObjectType =
  | 'collation'
  | 'column'
  | 'constraint'
  | 'database'
  | 'default privileges'
  | 'event trigger'
  | 'extension'
  | 'function'
  | 'index'
  | 'materialized view'
  | 'policy'
  | 'publication'
  | 'rule'
  | 'schema'
  | 'sequence'
  | 'server setting'
  | 'setting'
  | 'statistics'
  | 'table'
  | 'trigger'
  | 'type'
  | 'view';

/** Plain data, compared as JSON. */
export type PropertyValue =
  | string
  | number
  | boolean
  | null
  | readonly PropertyValue[]
  | { readonly [name: string]: PropertyValue };

/** Undefined: not known, because the catalog was stored by a version that did not look; never compared. */
export type Properties = Readonly<Record<string, PropertyValue | undefined>>;

/** One thing that can be missing, unexpected or changed, out of a catalog. */
export interface SchemaObject {
  readonly type: ObjectType;
  /** Its kind and names, as the catalog's dependencies have it. */
  readonly path: CatalogKey;
  /** The path as text, to look it up by. */
  readonly key: string;
  /** As people write it: `public.users.email`. */
  readonly name: string;
  readonly properties: Properties;
  /** The keys of what it lies in: its schema, its table. */
  readonly within: readonly string[];
  /** It exists because the parent table or index has it, and cannot come or go alone. */
  readonly inherited: boolean;
}

export function keyOf(path: CatalogKey): string {
  return JSON.stringify(path);
}

/** The parts of a name with quotes where a person needs them, and dots between. */
export function displayName(names: readonly string[]): string {
  return names
    .map(name => (/^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`))
    .join('.');
}

interface ObjectParts {
  readonly type: ObjectType;
  readonly path: readonly string[];
  readonly name?: string;
  readonly properties: Properties;
  readonly within?: readonly CatalogKey[];
  readonly inherited?: boolean;
}

/** Fills in what follows from the rest. */
export function schemaObject({
  type,
  path,
  name,
  properties,
  within = [],
  inherited,
}: ObjectParts): SchemaObject {
  const full: CatalogKey = [type, ...path];
  return {
    type,
    path: full,
    key: keyOf(full),
    name: name ?? displayName(path),
    properties,
    within: within.map(keyOf),
    inherited: inherited ?? false,
  };
}
