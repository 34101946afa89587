import type { DescribedCatalog } from '../objects/describe-catalog.ts';
import { keyOf, type SchemaObject } from '../objects/schema-object.ts';
import { moveIndex } from './move-index.ts';
import { quoteName, quotePath } from './quote.ts';
import { commentStep, objectReference } from './rights-steps.ts';
import { type Step, textOf } from './step.ts';
import { partitionOf } from './table-steps.ts';

interface IndexPlan {
  readonly expected: DescribedCatalog;
  readonly live: DescribedCatalog;
  /** Keys that the script makes. */
  readonly created: ReadonlySet<string>;
}

/**
 * Makes an index. Over a partitioned table it is made on that alone, and each expected part is built under its own name and
 * attached: the index is valid when every partition has its part, as it was where it was expected.
 */
export function createIndex(index: SchemaObject, plan: IndexPlan): Step[] {
  if (index.inherited && comesWithParent(index, plan)) return [];
  const twin = attachedUnderOtherName(index, plan);
  const own =
    twin === undefined
      ? [
          buildIndex(index, plan),
          ...placeIndex(index, plan),
          ...attachParts(index, plan),
          ...attachToParent(index),
        ]
      : [{ sql: `alter index ${objectReference(twin)} rename to ${quoteName(nameOf(index))}` }];
  return typeof index.properties.comment === 'string' ? [...own, commentStep(index)] : own;
}

/** Makes an index that is there usable. Over a partitioned table nothing is missing but parts that were never attached. */
export function validateIndex(index: SchemaObject, plan: IndexPlan): Step[] {
  if (!isPartitioned(index))
    return [{ sql: `reindex index concurrently ${objectReference(index)}`, alone: true }];
  return index.properties.valid === true ? attachParts(index, plan) : [];
}

/** Whether the parts that are made anew are all that an index over a partitioned table lacks. */
export function becomesValid(index: SchemaObject, plan: IndexPlan): boolean {
  const made = partsOf(index, plan.expected).filter(({ key }) => plan.created.has(key));
  return made.length > 0 && attachParts(index, plan).length === 0;
}

/** The definition of an index does not say where it lies. */
function placeIndex(index: SchemaObject, { created }: IndexPlan): Step[] {
  const { tablespace = null } = index.properties;
  return typeof tablespace === 'string' ? [moveTo(tablespace, index, created.has(tableOf(index)))] : [];
}

/** Puts an index that is there where it was expected. */
export function alterIndex(index: SchemaObject, property: string): Step[] {
  const { tablespace = null } = index.properties;
  return property === 'tablespace' && (typeof tablespace === 'string' || tablespace === null)
    ? [moveTo(tablespace, index, false)]
    : [];
}

function moveTo(tablespace: string | null, index: SchemaObject, isNew: boolean): Step {
  const kind = isNew || isPartitioned(index) ? 'empty' : 'in use';
  return moveIndex({ path: index.path.slice(1), tablespace, kind });
}

function buildIndex(index: SchemaObject, plan: IndexPlan): Step {
  const isNew = plan.created.has(tableOf(index));
  const atOnce = isMadeAtOnce(index, plan);
  const concurrent = !isNew && !isPartitioned(index);
  const place = isPartitioned(index) && !atOnce ? 'on only' : 'on';
  const verb = (start: string): string =>
    `${start.toLowerCase()}${concurrent ? ' concurrently' : ''} ${quoteName(nameOf(index))} ${place}`;
  const sql = textOf(index, 'definition').replace(/^(CREATE (?:UNIQUE )?INDEX) ON(?: ONLY)?/, (_, start) =>
    verb(start),
  );
  if (concurrent) return { sql, alone: true };
  if (isNew || !atOnce) return { sql };
  return { sql, allow: ['index-not-concurrent', 'partitions that nobody expects get their part with it'] };
}

/** Every partition gets its part from the same statement where there are some that nobody expects: no part of theirs is known. */
function isMadeAtOnce(index: SchemaObject, { expected, live }: IndexPlan): boolean {
  if (!isPartitioned(index) || index.properties.valid !== true) return false;
  return [...live.objects.values()].some(table => {
    const parent = partitionOf(table)?.parent;
    return parent !== undefined && keyOf(parent) === tableOf(index) && !expected.objects.has(table.key);
  });
}

/** Whether PostgreSQL makes it: for a new partition of a table that has the index, or together with the parent's. */
function comesWithParent(index: SchemaObject, plan: IndexPlan): boolean {
  const parent = plan.expected.objects.get(index.within[1] ?? '');
  if (parent === undefined) return true;
  if (!plan.created.has(parent.key)) return plan.created.has(tableOf(index));
  return isMadeAtOnce(parent, plan) || (parent.inherited && comesWithParent(parent, plan));
}

/** The parts that are there already and are not made by the script, which attaches those it makes. */
function attachParts(index: SchemaObject, { expected, live, created }: IndexPlan): Step[] {
  return partsOf(index, expected)
    .filter(({ key }) => !created.has(key) && live.objects.get(key)?.within.includes(index.key) === false)
    .flatMap(attachToParent);
}

function attachToParent(index: SchemaObject): Step[] {
  const [, parent] = index.within;
  if (parent === undefined) return [];
  const path = (JSON.parse(parent) as string[]).slice(1);
  return [{ sql: `alter index ${quotePath(path)} attach partition ${objectReference(index)}` }];
}

/** A partition has one part of each index of its table. */
function attachedUnderOtherName(index: SchemaObject, { live, created }: IndexPlan): SchemaObject | undefined {
  const [table = '', parent] = index.within;
  if (parent === undefined || created.has(parent) || live.objects.has(index.key)) return undefined;
  return partsOf({ key: parent }, live).find(part => part.within.includes(table));
}

function partsOf(
  { key }: Pick<SchemaObject, 'key'>,
  { objects, neededBy }: DescribedCatalog,
): SchemaObject[] {
  return [...neededBy(key)]
    .flatMap(other => objects.get(other) ?? [])
    .filter(({ type, within }) => type === 'index' && within[1] === key);
}

/** PostgreSQL writes ONLY into the definition of every index over a partitioned table. */
function isPartitioned(index: SchemaObject): boolean {
  return /^CREATE (?:UNIQUE )?INDEX ON ONLY /.test(textOf(index, 'definition'));
}

function tableOf({ within }: SchemaObject): string {
  return within[0] ?? '';
}

function nameOf({ path }: SchemaObject): string {
  return path[2] ?? '';
}
