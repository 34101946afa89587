import type { SchemaObject } from '../objects/schema-object.ts';
import { type CatalogPair, type Comparison, compareCatalogs } from './diff-catalogs.ts';
import type { RawDifference } from './difference.ts';

/** What statements and the safety of rows rely on. */
export interface MissingObject {
  readonly type: 'table' | 'column' | 'index' | 'constraint';
  /** Its names, from the schema on. */
  readonly path: readonly string[];
}

/** What of an object makes it another one to those who rely on it. A guard that is switched off guards nothing. */
const COUNTS: Readonly<Record<MissingObject['type'], readonly string[]>> = {
  table: [],
  column: ['type'],
  index: [],
  constraint: ['definition', 'kind', 'validated', 'enforced'],
};

/**
 * The tables, columns, indexes and constraints that are expected and not there, under another name, or no longer what they were.
 * What needs another of them, such as the indexes of a missing table, is not listed. Pure.
 */
export function missingObjects(pair: CatalogPair): MissingObject[] {
  const comparison = compareCatalogs(pair);
  const renamed = comparison.renames.map(({ expected }) => expected);
  const broken = comparison.raw
    .filter(isBroken)
    .flatMap(({ key }) => comparison.expected.objects.get(key) ?? []);
  const found = new Map([...renamed, ...broken].map(object => [object.key, object]));
  return [...found.values()].flatMap(object => {
    const { type, path } = object;
    if (!isCounted(type) || follows(object, found, comparison)) return [];
    return [{ type, path: path.slice(1) }];
  });
}

function isCounted(type: SchemaObject['type']): type is MissingObject['type'] {
  return Object.hasOwn(COUNTS, type);
}

function isBroken({ kind, key, property, expected }: RawDifference): boolean {
  if (kind === 'missing') return true;
  const [type = ''] = JSON.parse(key) as string[];
  const counts = (COUNTS as Readonly<Record<string, readonly string[]>>)[type] ?? [];
  return kind === 'changed' && property !== null && counts.includes(property) && expected !== false;
}

function follows(
  { key }: SchemaObject,
  found: ReadonlyMap<string, SchemaObject>,
  { expected }: Comparison,
): boolean {
  return [...expected.needs(key)].some(needed => {
    const other = found.get(needed);
    return other !== undefined && isCounted(other.type);
  });
}
