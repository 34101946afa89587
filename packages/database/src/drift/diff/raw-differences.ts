import type { Catalog } from '@holdfast/postgres';
import { covers, type DescribedCatalog } from '../objects/describe-catalog.ts';
import type { PropertyValue, SchemaObject } from '../objects/schema-object.ts';
import type { RawDifference } from './difference.ts';
import { sameValue } from './same-value.ts';

/** Needed to build an object, and said by another property of it already. */
const NOT_COMPARED = new Set(['columns', 'identity']);

/** Every single difference, consequences of others included. */
export function rawDifferences(expected: DescribedCatalog, live: DescribedCatalog): RawDifference[] {
  const otherMajor = major(expected.catalog) !== major(live.catalog);
  const differences: RawDifference[] = [];
  for (const object of expected.objects.values()) {
    if (!covers(live.catalog, object.type)) continue;
    const found = live.objects.get(object.key);
    if (found !== undefined) differences.push(...changes(object, found, otherMajor));
    else if (canBeAbsent(object)) differences.push(absence('missing', object));
  }
  for (const object of live.objects.values()) {
    if (canBeAbsent(object) && covers(expected.catalog, object.type) && !expected.objects.has(object.key)) {
      differences.push(absence('unexpected', object));
    }
  }
  return differences;
}

/** A server has every setting; a catalog lacks those that its session had changed for itself. */
function canBeAbsent({ type }: SchemaObject): boolean {
  return type !== 'server setting';
}

function absence(kind: 'missing' | 'unexpected', { key }: SchemaObject): RawDifference {
  return { kind, key, property: null, expected: null, live: null };
}

/** A partition has the identity of its parent since PostgreSQL 17, and had none before. */
function changes(expected: SchemaObject, live: SchemaObject, otherMajor: boolean): RawDifference[] {
  const names = Object.keys(expected.properties).filter(
    name => isCompared(expected, name) && !(otherMajor && name === 'identity' && expected.inherited),
  );
  return names.flatMap(property => {
    const [wanted, found] = [expected.properties[property], live.properties[property]];
    if (wanted === undefined || found === undefined) return [];
    if (sameValue(property, wanted, found, otherMajor)) return [];
    return [{ kind: 'changed' as const, key: expected.key, property, expected: wanted, live: found }];
  });
}

function isCompared({ type }: SchemaObject, property: string): boolean {
  return type === 'column' || !NOT_COMPARED.has(property);
}

function major({ serverVersion }: Catalog): number {
  return Math.floor(serverVersion / 10_000);
}

/** The live value of a property where it is of use; null when there is none. */
export function propertyOf(object: SchemaObject | undefined, property: string): PropertyValue {
  return object?.properties[property] ?? null;
}
