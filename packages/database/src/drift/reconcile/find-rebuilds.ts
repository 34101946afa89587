import type { Comparison } from '../diff/diff-catalogs.ts';
import type { RawDifference } from '../diff/difference.ts';
import type { DescribedCatalog } from '../objects/describe-catalog.ts';
import type { ObjectType, SchemaObject } from '../objects/schema-object.ts';
import { onlyDeferralDiffers } from './constraint-steps.ts';
import { canReplaceFunction, canReplaceView } from './schema-steps.ts';
import { columnKeyOf, kindOf } from './sort-objects.ts';
import { onlyAddsLabels } from './type-steps.ts';

/** What has to be dropped and made again although it is on both sides. */
export interface Rebuilds {
  /** Objects, and the expressions of defaults by their own key. */
  readonly keys: ReadonlySet<string>;
  /** Enums that need a successor, and the types over them, which need one with it. */
  readonly types: ReadonlySet<string>;
}

interface Cause {
  readonly key: string;
  /** The types of dependents that stand in the way; undefined: all that go with it. */
  readonly types: ReadonlySet<string> | undefined;
}

/** What is changed in a way that ALTER does not know, and what stands in the way of another change. */
export function findRebuilds(comparison: Comparison): Rebuilds {
  const causes = comparison.raw.flatMap(difference => causesOf(difference, comparison));
  const rebuilt = causes.filter(({ role }) => role === 'rebuild').map(({ key }) => key);
  const types = replacedTypes(comparison);
  const all = [...causes, ...[...types].flatMap(type => causesOfReplacement(type, comparison))];
  return { keys: withDependents(rebuilt, all, comparison), types };
}

/** Enums that are not as ALTER TYPE could make them, with the domains and composite types over them. */
function replacedTypes({ raw, expected, live }: Comparison): Set<string> {
  const types = new Set<string>();
  const open = raw
    .filter(({ property }) => property === 'labels')
    .map(({ key }) => key)
    .filter(key => {
      const [wanted, found] = [expected.objects.get(key), live.objects.get(key)];
      return wanted !== undefined && found !== undefined && !onlyAddsLabels(wanted, found);
    });
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    types.add(next);
    const over = [...live.neededBy(next)].filter(key => kindOf(key) === 'type' && expected.objects.has(key));
    open.push(...over.filter(key => !types.has(key)));
  }
  return types;
}

/** All that names the type, and what does not follow the type of a column. */
function causesOfReplacement(type: string, { live }: Comparison): Cause[] {
  const columns = [...live.neededBy(type)].filter(key => kindOf(key) === 'column');
  return [
    { key: type, types: undefined },
    ...columns.map(key => ({ key, types: new Set([...IN_THE_WAY_OF_TYPE, 'foreign key']) })),
  ];
}

function causesOf(
  { kind, key, property }: RawDifference,
  { expected, live }: Comparison,
): (Cause & { readonly role: 'rebuild' | 'other' })[] {
  const [wanted, found] = [expected.objects.get(key), live.objects.get(key)];
  if (kind === 'unexpected') return [{ key, types: undefined, role: 'other' }];
  if (kind === 'missing' || wanted === undefined || found === undefined || property === null) return [];
  if (mustRebuild(wanted, found, property)) return [{ key, types: undefined, role: 'rebuild' }];
  const isType = wanted.type === 'column' && (property === 'type' || property === 'collation');
  return isType ? [{ key, types: IN_THE_WAY_OF_TYPE, role: 'other' }] : [];
}

function withDependents(
  rebuilt: readonly string[],
  causes: readonly Cause[],
  { expected, live }: Comparison,
): Set<string> {
  const keys = new Set(rebuilt);
  const open = [...causes];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const needing of live.neededBy(next.key)) {
      const dependent = generatedBy(needing, live) ?? needing;
      const type = kindInTheWay(dependent, live.objects.get(dependent));
      if (keys.has(dependent) || !(next.types ?? REBUILT).has(type)) continue;
      if (type !== 'default' && !expected.objects.has(dependent)) continue;
      keys.add(dependent);
      open.push({ key: dependent, types: undefined });
    }
  }
  return keys;
}

/** The generated column that an expression is the whole point of. */
function generatedBy(key: string, { objects }: DescribedCatalog): string | undefined {
  if (kindOf(key) !== 'default') return undefined;
  const column = objects.get(columnKeyOf(key));
  return typeof column?.properties.generated === 'string' ? column.key : undefined;
}

/** A kind that `types` of a cause can name: of columns only the generated ones, of constraints foreign keys apart. */
function kindInTheWay(key: string, object: SchemaObject | undefined): string {
  if (object?.type === 'column' && typeof object.properties.generated === 'string') return 'generated column';
  return object?.properties.kind === 'foreign key' ? 'foreign key' : kindOf(key);
}

/** What PostgreSQL does not carry over when the type of a column changes; it builds indexes and constraints anew itself. */
const IN_THE_WAY_OF_TYPE = new Set([
  'view',
  'materialized view',
  'policy',
  'trigger',
  'rule',
  'function',
  'generated column',
]);

const REBUILT: ReadonlySet<string> = new Set([
  ...IN_THE_WAY_OF_TYPE,
  'constraint',
  'foreign key',
  'default',
  'index',
  'statistics',
  'event trigger',
]);

/** Properties for which there is no ALTER. */
const NO_ALTER: Partial<Record<ObjectType, readonly string[]>> = {
  index: ['definition'],
  trigger: ['definition'],
  rule: ['definition'],
  statistics: ['definition'],
  policy: ['command', 'permissive'],
  'materialized view': ['definition'],
  collation: ['provider', 'locale', 'deterministic'],
  publication: ['all tables'],
  'event trigger': ['event', 'function', 'tags'],
  constraint: ['kind', 'index', 'enforced'],
};

function mustRebuild(expected: SchemaObject, live: SchemaObject, property: string): boolean {
  const { type } = expected;
  if (NO_ALTER[type]?.includes(property) === true) return true;
  if (type === 'view') return property === 'definition' && !canReplaceView(expected, live);
  if (type === 'function')
    return ['definition', 'kind', 'returns'].includes(property) && !canReplaceFunction(expected, live);
  if (type === 'constraint' && property === 'definition') return !onlyDeferralDiffers(expected, live);
  if (type === 'constraint' && property === 'validated') return expected.properties.validated === false;
  if (type === 'policy')
    return ['using', 'with check'].includes(property) && expected.properties[property] === null;
  return type === 'column' && property === 'generated' && typeof expected.properties.generated === 'string';
}
