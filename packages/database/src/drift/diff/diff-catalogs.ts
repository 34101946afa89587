import type { Catalog } from '@holdfast/postgres';
import { type DescribedCatalog, describeCatalog } from '../objects/describe-catalog.ts';
import type { SchemaObject } from '../objects/schema-object.ts';
import { applyRename } from './apply-rename.ts';
import type { Difference, Drift, RawDifference } from './difference.ts';
import { causeInText, findCause, type Sides } from './find-cause.ts';
import { findRenames, RENAMED_TYPES, type Rename } from './find-renames.ts';
import { matchesPattern } from './matches-pattern.ts';
import { rawDifferences } from './raw-differences.ts';

/** What is expected and what there is. */
export interface CatalogPair {
  readonly expected: Catalog;
  readonly live: Catalog;
}

/** A comparison with what reconciling needs beyond the differences. */
export interface Comparison extends Drift {
  readonly expected: DescribedCatalog;
  /** As it would be after the renames. */
  readonly live: DescribedCatalog;
  readonly renames: readonly Rename[];
  /** Every difference, but for texts that follow the type of a column and are right again when that is. */
  readonly raw: readonly RawDifference[];
  /** The differences again, but for renames, each with what follows from it. */
  readonly groups: readonly Group[];
}

/** A difference, and all that is one with it in the catalog. */
interface Group {
  readonly difference: Difference;
  /** The difference itself and what follows from it. */
  readonly members: readonly RawDifference[];
}

/**
 * Compares two catalogs. Each change is named once: what follows from it, such as the indexes of a missing table, is listed as
 * its consequence. Something that only has another name is a change of its name. Pure: nothing is read and nothing decided.
 */
export function diffCatalogs(pair: CatalogPair, options: CompareOptions = {}): Drift {
  const { differences, notes, compared } = compareCatalogs(pair, options);
  return { differences, notes, compared };
}

export interface CompareOptions {
  /** What nobody wants to hear of, see {@link matchesPattern}. What follows from it is left out with it. */
  readonly ignore?: readonly string[];
}

export function compareCatalogs(pair: CatalogPair, { ignore = [] }: CompareOptions = {}): Comparison {
  const expected = describeCatalog(pair.expected);
  const { live, renames } = undoRenames(expected, pair.live);
  const all = rawDifferences(expected, live);
  const sides: Sides = { expected, live, found: Map.groupBy(all, ({ key }) => key) };
  const whole: Comparison = {
    expected,
    live,
    renames,
    raw: all.filter(item => causeInText(item, sides) === undefined),
    groups: nameCauses(all, sides),
    differences: [],
    notes: [...versionNotes(pair), ...columnOrderNotes(expected, live)],
    compared: expected.objects.size,
  };
  return partOf(whole, difference => !ignore.some(pattern => matchesPattern(difference, pattern)));
}

/** The same comparison as if nothing else differed than what is wanted, and what follows from that. */
export function partOf(whole: Comparison, isWanted: (difference: Difference) => boolean): Comparison {
  const renames = whole.renames.filter(rename => isWanted(renameDifference(rename)));
  const groups = whole.groups.filter(({ difference }) => isWanted(difference));
  const members = new Set(groups.flatMap(group => group.members));
  return {
    ...whole,
    renames,
    groups,
    raw: whole.raw.filter(item => members.has(item)),
    differences: [...renames.map(renameDifference), ...groups.map(({ difference }) => difference)].sort(
      byTypeAndName,
    ),
  };
}

function undoRenames(
  expected: DescribedCatalog,
  catalog: Catalog,
): { live: DescribedCatalog; renames: Rename[] } {
  const renames: Rename[] = [];
  let live = describeCatalog(catalog);
  for (const type of RENAMED_TYPES) {
    // the definition of one may name another one, and matches when that has its name back
    for (
      let found = findRenames(type, expected, live);
      found.length > 0;
      found = findRenames(type, expected, live)
    ) {
      renames.push(...found);
      live = found.reduce((current, rename) => withRename(current, rename, expected), live);
    }
  }
  return { live, renames };
}

/** Tables that inherit a column have it renamed along. */
function withRename(live: DescribedCatalog, rename: Rename, expected: DescribedCatalog): DescribedCatalog {
  const renamed = describeCatalog(applyRename(live.catalog, rename));
  if (rename.live.type !== 'column') return renamed;
  const children = [...live.neededBy(rename.live.key)]
    .flatMap(key => live.objects.get(key) ?? [])
    .filter(({ type, path }) => type === 'column' && path[3] === rename.live.path[3]);
  return children.reduce((current, child) => {
    const path = [...child.path.slice(0, 3), rename.expected.path[3] ?? ''];
    const wanted = expected.objects.get(JSON.stringify(path));
    return wanted === undefined ? current : withRename(current, { expected: wanted, live: child }, expected);
  }, renamed);
}

function renameDifference({ expected, live }: Rename): Difference {
  return {
    kind: 'changed',
    type: expected.type,
    name: expected.name,
    property: 'name',
    expected: expected.name,
    live: live.name,
    consequences: [],
  };
}

function nameCauses(raw: readonly RawDifference[], sides: Sides): Group[] {
  const { expected, live } = sides;
  const signatures = findSignatures(raw);
  const causes = new Map(
    raw.map(difference => [difference, signatures.get(difference) ?? findCause(difference, sides)]),
  );
  const groups = Map.groupBy(raw, difference => rootOf(difference, causes));
  const objectOf = ({ key }: RawDifference) => expected.objects.get(key) ?? live.objects.get(key);
  return [...groups].flatMap(([root, members]) => {
    const object = objectOf(root);
    if (object === undefined) return [];
    const other = [...signatures].find(([, missing]) => missing === root)?.[0];
    const { key, ...change } = other === undefined ? root : signatureChange(root.key, other.key);
    const consequences = members
      .filter(member => member !== root && member !== other)
      .flatMap(member => {
        const follower = objectOf(member);
        return follower === undefined ? [] : [describe(follower, member)];
      });
    const difference = { type: object.type, name: object.name, ...change, consequences: consequences.sort() };
    return [{ difference, members }];
  });
}

/** A function whose arguments changed is another one to PostgreSQL. By the unexpected one, the missing one it stands for. */
function findSignatures(raw: readonly RawDifference[]): Map<RawDifference, RawDifference> {
  const named = (kind: RawDifference['kind']) =>
    Map.groupBy(
      raw.filter(difference => difference.kind === kind && difference.key.startsWith('["function"')),
      ({ key }) => JSON.stringify((JSON.parse(key) as string[]).slice(0, 3)),
    );
  const unexpected = named('unexpected');
  return new Map(
    [...named('missing')].flatMap(([name, missing]) => {
      const [one, two] = [missing, unexpected.get(name) ?? []];
      const [gone, come] = [one[0], two[0]];
      if (gone === undefined || come === undefined || one.length + two.length > 2) return [];
      return [[come, gone] as const];
    }),
  );
}

function signatureChange(expected: string, live: string): RawDifference {
  const signature = (key: string): string => (JSON.parse(key) as string[])[3] ?? '';
  return {
    kind: 'changed',
    key: expected,
    property: 'arguments',
    expected: signature(expected),
    live: signature(live),
  };
}

function describe({ type, name }: SchemaObject, { property }: RawDifference): string {
  return property === null ? `${type} ${name}` : `${type} ${name}: ${property}`;
}

/** Follows causes to their end; two that explain each other have the first of them as their root. */
function rootOf(
  difference: RawDifference,
  causes: ReadonlyMap<RawDifference, RawDifference | undefined>,
): RawDifference {
  const seen: RawDifference[] = [];
  let current = difference;
  for (;;) {
    if (seen.includes(current)) {
      const circle = seen.slice(seen.indexOf(current));
      return circle.sort((a, b) => (a.key < b.key ? -1 : 1))[0] ?? current;
    }
    seen.push(current);
    const cause = causes.get(current);
    if (cause === undefined) return current;
    current = cause;
  }
}

function versionNotes({ expected, live }: CatalogPair): string[] {
  const [one, other] = [expected, live].map(({ serverVersion }) => Math.floor(serverVersion / 10_000));
  if (one === other) return [];
  return [
    `PostgreSQL ${one} was expected and ${other} was found; definitions are compared by their meaning.`,
  ];
}

function columnOrderNotes(expected: DescribedCatalog, live: DescribedCatalog): string[] {
  const lives = new Map(live.catalog.tables.map(table => [`${table.schema}.${table.name}`, table]));
  return expected.catalog.tables.flatMap(table => {
    const found = lives.get(`${table.schema}.${table.name}`);
    if (found === undefined) return [];
    const names = found.columns.map(({ name }) => name);
    const wanted = table.columns.map(({ name }) => name).filter(name => names.includes(name));
    const both = names.filter(name => wanted.includes(name));
    return wanted.join('\0') === both.join('\0')
      ? []
      : [`The columns of ${table.schema}.${table.name} are in another order: ${names.join(', ')}.`];
  });
}

function byTypeAndName(one: Difference, other: Difference): number {
  const text = ({ type, name, property }: Difference): string => `${type} ${name} ${property}`;
  return text(one) < text(other) ? -1 : 1;
}
