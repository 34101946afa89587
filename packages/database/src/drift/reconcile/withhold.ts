import type { Comparison } from '../diff/diff-catalogs.ts';
import type { RawDifference } from '../diff/difference.ts';
import type { PropertyValue } from '../objects/schema-object.ts';
import { findRebuilds } from './find-rebuilds.ts';
import { columnKeyOf, kindOf } from './sort-objects.ts';
import { listOf } from './step.ts';

/** What is not changed because that would lose data: whole types, and the types of columns. */
export interface Withheld {
  readonly types: ReadonlySet<string>;
  readonly columns: ReadonlySet<string>;
}

/**
 * The comparison without what is withheld and what cannot be done before that: what names a label that is not there yet, what
 * makes a view or function anew that does, and what depends on either.
 */
export function withoutWithheld(comparison: Comparison, { types, columns }: Withheld): Comparison {
  const isWithheld = ({ key, property }: RawDifference): boolean =>
    types.has(key) || (columns.has(key) && ['type', 'collation', 'default'].includes(property ?? ''));
  const withheld = new Set(comparison.raw.filter(isWithheld));
  const open = comparison.raw.filter(difference => !withheld.has(difference));
  const lacking = lackingLabels(comparison, types);
  const names = (key: string): boolean => namesAny(propertiesOf(key, comparison), key, lacking, comparison);
  const waiting = open.filter(
    difference =>
      (difference.kind === 'changed' && namesAny(difference.expected, difference.key, lacking, comparison)) ||
      (difference.kind === 'missing' && names(difference.key)) ||
      (lacking.size > 0 && [...findRebuilds({ ...comparison, raw: [difference] }).keys].some(names)),
  );
  const all = new Set([...withheld, ...waiting]);
  const sources = [...all].filter(
    ({ kind, property }) => kind === 'missing' || ['definition', 'fields'].includes(property ?? ''),
  );
  for (const difference of dependents([...columns, ...sources.map(({ key }) => key)], comparison))
    all.add(difference);
  return { ...comparison, raw: comparison.raw.filter(difference => !all.has(difference)) };
}

/** The labels that are expected and not there, by the key of their enum. */
function lackingLabels(
  { expected, live }: Comparison,
  types: ReadonlySet<string>,
): Map<string, readonly string[]> {
  return new Map(
    [...types].flatMap((key): [string, readonly string[]][] => {
      const [wanted, found] = [expected.objects.get(key), live.objects.get(key)];
      if (wanted === undefined || found === undefined) return [];
      const labels = listOf(wanted, 'labels').filter(label => !listOf(found, 'labels').includes(label));
      return labels.length === 0 ? [] : [[key, labels]];
    }),
  );
}

function propertiesOf(key: string, { expected }: Comparison): PropertyValue {
  if (kindOf(key) !== 'default') return { ...expected.objects.get(key)?.properties, comment: null };
  return expected.objects.get(columnKeyOf(key))?.properties.default ?? null;
}

/** Whether a text of the object has one of the labels as a literal, alone or within an array or a row. */
function namesAny(
  value: PropertyValue,
  key: string,
  lacking: ReadonlyMap<string, readonly string[]>,
  comparison: Comparison,
): boolean {
  if (lacking.size === 0) return false;
  const literals = literalsIn(value);
  const labels = [...lacking].filter(([, list]) =>
    list.some(label => literals.some(text => text === label || (/^[{(]/.test(text) && text.includes(label)))),
  );
  return labels.length > 0 && needsAny(key, new Set(labels.map(([type]) => type)), comparison);
}

function literalsIn(value: PropertyValue): string[] {
  if (typeof value === 'string') {
    return [...value.matchAll(/'((?:[^']|'')*)'/g)].map(([, text = '']) => text.replaceAll("''", "'"));
  }
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(literalsIn) : [];
}

function needsAny(key: string, wanted: ReadonlySet<string>, { expected }: Comparison): boolean {
  const seen = new Set([key]);
  const open = [key];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (wanted.has(next)) return true;
    for (const need of expected.needs(next)) {
      if (!seen.has(need)) open.push(need);
      seen.add(need);
    }
  }
  return false;
}

/** What is to be made or changed and needs one of these; a table is made with its columns. */
function dependents(keys: readonly string[], comparison: Comparison): Set<RawDifference> {
  const differing = Map.groupBy(comparison.raw, ({ key }) => key);
  const found = new Set<RawDifference>();
  const seen = new Set(keys);
  const open = [...keys];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const key of needing(next, comparison)) {
      const changes = changesThatNeed(key, differing);
      if (changes.length === 0 || seen.has(key)) continue;
      seen.add(key);
      for (const change of changes) found.add(change);
      open.push(key);
    }
  }
  return found;
}

function needing(key: string, { expected, live }: Comparison): string[] {
  const tables = kindOf(key) === 'column' ? (expected.objects.get(key)?.within ?? []) : [];
  return [...expected.neededBy(key), ...tables.filter(table => !live.objects.has(table))];
}

function changesThatNeed(
  key: string,
  differing: ReadonlyMap<string, readonly RawDifference[]>,
): RawDifference[] {
  const isDefault = kindOf(key) === 'default';
  const properties = isDefault ? ['default'] : ['definition', 'using', 'with check', 'generated'];
  const changes = differing.get(isDefault ? columnKeyOf(key) : key) ?? [];
  return changes.filter(({ kind, property }) => kind === 'missing' || properties.includes(property ?? ''));
}
