import type { Catalog } from '@holdfast/postgres';
import { type Comparison, compareCatalogs, partOf } from '../../../drift/diff/diff-catalogs.ts';
import type { Difference } from '../../../drift/diff/difference.ts';
import { displayName } from '../../../drift/objects/schema-object.ts';
import { reconcilingSteps } from '../../../drift/reconcile/reconcile.ts';
import type { HealthContext } from '../../entry.ts';

/** What other entries judge, and what is no property of the design. */
const JUDGED_ELSEWHERE = ['comment', 'valid', 'validated', 'enabled', 'triggers', 'populated'];

/** So that the entries of one run compare once: by the live catalog, which is read once a run. */
const comparisons = new WeakMap<Catalog, { readonly expected: Catalog; readonly comparison: Comparison }>();

/**
 * The comparison of the live catalog with the expected one, in the schemas that the expectation is about; undefined when nothing
 * says what is expected.
 */
export async function compareWithExpected(context: HealthContext): Promise<Comparison | undefined> {
  const expected = context.expected?.catalog;
  if (expected === undefined) return undefined;
  const live = await context.catalog();
  const known = comparisons.get(live);
  if (known?.expected === expected) return known.comparison;
  const comparison = compareCatalogs({ expected, live }, { ignore: ignored(expected, live) });
  comparisons.set(live, { expected, comparison });
  return comparison;
}

/** Those of its differences that an entry is about. */
export async function expectedDifferences(
  context: HealthContext,
  concerns: (difference: Difference) => boolean,
): Promise<readonly Difference[]> {
  return (await compareWithExpected(context))?.differences.filter(concerns) ?? [];
}

/** What another tool keeps in a schema of its own is no drift. */
function ignored(expected: Catalog, live: Catalog): string[] {
  const strange = live.schemas.filter(name => !expected.schemas.includes(name));
  return [
    'database:*',
    ...JUDGED_ELSEWHERE.map(property => `*#${property}`),
    ...strange.map(name => `schema:${displayName([name])}`),
  ];
}

const STATEMENTS = 20;
const CHARACTERS = 10_000;

/**
 * The SQL that makes good these differences and nothing else; what would lose data is named in a comment. Where it is too much
 * to read, the command that writes it.
 */
export async function reconcilingSql(
  context: HealthContext,
  differences: readonly Difference[],
): Promise<string> {
  const comparison = await compareWithExpected(context);
  if (comparison === undefined || differences.length === 0) return '';
  const keys = new Set(differences.map(keyOf));
  const part = partOf(comparison, difference => keys.has(keyOf(difference)));
  const steps = reconcilingSteps(part);
  const text = steps.join('\n');
  if (steps.length <= STATEMENTS && text.length <= CHARACTERS) return text;
  return `holdfast drift --sql --output reconcile.sql # ${steps.length} statements for these, and what else differs`;
}

function keyOf({ kind, type, name, property }: Difference): string {
  return JSON.stringify([kind, type, name, property]);
}
