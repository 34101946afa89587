import type { Comparison } from '../diff/diff-catalogs.ts';
import type { PropertyValue, SchemaObject } from '../objects/schema-object.ts';
import { alterObject } from './alter-object.ts';
import { defaultStep } from './column-steps.ts';
import { afterDefault, createObject, identitySequence } from './create-object.ts';
import { dropSteps } from './drop-steps.ts';
import { findRebuilds, type Rebuilds } from './find-rebuilds.ts';
import { becomesValid, createIndex, validateIndex } from './index-steps.ts';
import { keepTogether } from './keep-together.ts';
import { renameStep } from './rename-steps.ts';
import {
  moveOver,
  partitionKeyColumn,
  planReplacement,
  putAside,
  type Replacement,
} from './replace-types.ts';
import { triggerStateStep } from './schema-steps.ts';
import { columnKeyOf, kindOf, sortObjects } from './sort-objects.ts';
import type { PlanContext, Step } from './step.ts';
import { lateTableSteps } from './table-steps.ts';
import { withoutWithheld } from './withhold.ts';

interface Plan {
  readonly comparison: Comparison;
  readonly rebuilds: Rebuilds;
  /** Keys that the script makes, whether they were missing or dropped before. */
  readonly created: ReadonlySet<string>;
  readonly changed: ReadonlyMap<string, ReadonlySet<string>>;
  /** The types that get a successor, each made in its place; the first and the last do the rest. */
  readonly replacement: Replacement;
}

/**
 * Everything that has to be done, in an order in which it can be done: names first, then drops from the outside in, then
 * creations and changes from the inside out, then what refers to indexes.
 */
export function planSteps(comparison: Comparison, allowDestructive: boolean): Step[] {
  const { plan, order } = preparePlan(comparison);
  const all = stepsOf(comparison, plan, order);
  if (allowDestructive) return all;
  const columns = lossyColumns(plan, order);
  const types = new Set(plan.replacement.types.map(({ key }) => key));
  if (types.size === 0 && columns.size === 0) return all;
  // what only prepares what is withheld and cleans up after it would leave a gap without it
  const rest = withoutWithheld(comparison, { types, columns: new Set(columns.keys()) });
  const { plan: planOfRest, order: orderOfRest } = preparePlan(rest);
  const steps = stepsOf(rest, planOfRest, orderOfRest);
  const kept = new Set(steps.map(({ sql }) => sql));
  const destroys = [plan.replacement.destroys, ...columns.values()].filter(text => text !== '').join('; ');
  const withheld = all.filter(({ sql }) => !kept.has(sql));
  return [...steps, ...withheld.map(step => ({ ...step, destroys: step.destroys ?? destroys }))];
}

/** The columns whose type is not changed unless data may be lost, with what it would lose. */
function lossyColumns(plan: Plan, order: readonly string[]): Map<string, string> {
  return new Map(
    order
      .filter(key => kindOf(key) === 'column' && plan.changed.get(key)?.has('type') === true)
      .flatMap(key => {
        const losses = objectSteps(plan, key).flatMap(({ destroys }) => destroys ?? []);
        return losses.length === 0 ? [] : [[key, losses.join('; ')] as const];
      }),
  );
}

function stepsOf(comparison: Comparison, plan: Plan, order: readonly string[]): Step[] {
  const drops = dropSteps(comparison, plan.rebuilds);
  return [
    ...comparison.renames.map(renameStep),
    ...bodiesUnchecked(plan),
    ...keepTogether({
      drops: drops.first,
      objects: orderedSteps(plan, order),
      rebuilt: plan.rebuilds.keys,
      created: plan.created,
      expected: comparison.expected,
    }),
    ...drops.last,
  ];
}

/**
 * The steps that make and change objects, each with the key of its object, for who has something to do in between; `last` are those
 * that refer to indexes.
 */
export function planObjectSteps(
  comparison: Comparison,
): { readonly key: string; readonly steps: readonly Step[]; readonly last: boolean }[] {
  const { plan, order } = preparePlan(comparison);
  return orderedSteps(plan, order);
}

function preparePlan(comparison: Comparison): { plan: Plan; order: string[] } {
  const rebuilds = findRebuilds(comparison);
  const missing = comparison.raw.filter(({ kind }) => kind === 'missing').map(({ key }) => key);
  const order = sortObjects(comparison.expected);
  const unexpected = new Set(
    comparison.raw.filter(({ kind }) => kind === 'unexpected').map(({ key }) => key),
  );
  const plan: Plan = {
    comparison,
    rebuilds,
    replacement: planReplacement(
      order.filter(key => rebuilds.types.has(key)),
      comparison,
      key => unexpected.has(key) || rebuilds.keys.has(key),
    ),
    created: new Set([...missing, ...rebuilds.keys]),
    changed: changedProperties(comparison),
  };
  return { plan, order };
}

function orderedSteps(plan: Plan, order: readonly string[]): { key: string; steps: Step[]; last: boolean }[] {
  return [
    ...order.map(key => ({
      key,
      steps: kindOf(key) === 'default' ? defaultSteps(plan, key) : objectSteps(plan, key),
      last: false,
    })),
    ...order.map(key => ({ key, steps: lateSteps(plan, key), last: true })),
  ];
}

function changedProperties({ raw }: Comparison): Map<string, Set<string>> {
  const changed = new Map<string, Set<string>>();
  for (const { kind, key, property } of raw) {
    if (kind === 'changed' && property !== null)
      changed.set(key, (changed.get(key) ?? new Set()).add(property));
  }
  return changed;
}

/** The body of a function may name tables that come later; PostgreSQL records no dependency for it. */
function bodiesUnchecked({ created, changed }: Plan): Step[] {
  const functions = [...created, ...changed.keys()].some(key => kindOf(key) === 'function');
  return functions ? [{ sql: 'set check_function_bodies = off' }] : [];
}

function objectSteps(plan: Plan, key: string): Step[] {
  const { comparison, rebuilds, created, changed } = plan;
  const { expected } = comparison;
  const object = expected.objects.get(key);
  if (object === undefined) return [];
  const context = contextOf(plan, object);
  if (created.has(key)) {
    const inNewTable = object.type === 'column' && object.within.some(table => created.has(table));
    if (inNewTable) return [];
    if (object.type === 'index')
      return createIndex(object, { ...comparison, created }).map(step => withoutAllowance(step, context));
    return createObject(context, expected).map(step => withoutAllowance(step, context));
  }
  if (rebuilds.types.has(key)) return replaceType(plan, context);
  const properties = alteredHere(plan, object, changed.get(key));
  if (properties === undefined) return [];
  const isComment = ['index', 'constraint'].includes(object.type);
  if (object.inherited && !isComment && followsParent(plan, object, properties)) return [];
  const dropDefault =
    object.type === 'column' && properties.has('type') && changed.get(key)?.has('default') === true;
  return [
    ...(dropDefault ? [defaultStep({ ...object, properties: {} })] : []),
    ...alterObject(context, properties),
    ...triggersOffAgain(plan, object, properties),
  ];
}

/** In a table that nobody knows yet nothing is dangerous, and a reason to allow it would be one too many. */
function withoutAllowance({ allow, ...step }: Step, { newTable }: PlanContext): Step {
  return newTable || allow === undefined ? step : { ...step, allow };
}

function contextOf({ comparison, created }: Plan, object: SchemaObject): PlanContext {
  const { expected, live } = comparison;
  return {
    object,
    expected: key => expected.objects.get(key),
    live: key => live.objects.get(key),
    newTable: object.within.some(outer => created.has(outer)),
    identitySequence: identitySequence(object, expected),
    validate: () => validateIndex(object, { expected, live, created }),
  };
}

/**
 * A default is set when what it needs is there; a partition has the identity of its parent, and its indexes and constraints are
 * as the parent's in all but their comments; an index is valid when its last part is attached.
 */
function alteredHere(
  { comparison, created }: Plan,
  object: SchemaObject,
  changed: ReadonlySet<string> | undefined,
): ReadonlySet<string> | undefined {
  if (object.inherited && ['index', 'constraint'].includes(object.type))
    return changed?.has('comment') === true ? new Set(['comment']) : undefined;
  if (object.type === 'index' && becomesValid(object, { ...comparison, created }))
    return new Set([...(changed ?? [])].filter(property => property !== 'valid'));
  if (changed === undefined || object.type !== 'column') return changed;
  const [table] = object.within.map(key => comparison.expected.objects.get(key));
  const inPartition =
    object.inherited &&
    typeof table?.properties['partition of'] === 'object' &&
    table.properties['partition of'] !== null;
  const later = typeof object.properties.default === 'string' && !object.inherited;
  return new Set(
    [...changed].filter(
      property => !(property === 'identity' && inPartition) && !(property === 'default' && later),
    ),
  );
}

/** What is altered in the parent is altered in the child by the same statement. */
function followsParent(
  { comparison, changed }: Plan,
  object: SchemaObject,
  properties: ReadonlySet<string>,
): boolean {
  const parents = [...comparison.expected.needs(object.key)].filter(key => kindOf(key) === object.type);
  return [...properties].every(property =>
    parents.some(parent => changed.get(parent)?.has(property) === true),
  );
}

/** The successor of one type. All are put aside before the first is made, and the columns moved after the last. */
function replaceType({ comparison, replacement }: Plan, context: PlanContext): Step[] {
  const { types, reshaped, columns, destroys } = replacement;
  const { object, live } = context;
  const stuck = partitionKeyColumn(columns, live);
  if (stuck !== undefined) {
    const labels = 'no statement changes the type of a column in a partition key; make a new table';
    return [
      { sql: `type ${object.name} has to be replaced, but ${stuck.name} has it: ${labels}`, manual: true },
    ];
  }
  const fields = reshaped.get(object.key)?.fields;
  const successor =
    fields === undefined
      ? object
      : { ...object, properties: { ...object.properties, fields: fields as unknown as PropertyValue } };
  return [
    ...(object === types[0] ? putAside(replacement) : []),
    ...createObject({ ...context, object: successor }, comparison.expected).map(step => ({
      ...step,
      destroys,
    })),
    ...(object === types.at(-1) ? moveOver(replacement) : []),
  ];
}

function defaultSteps({ comparison, created, rebuilds, changed }: Plan, key: string): Step[] {
  const { expected } = comparison;
  const column = expected.objects.get(columnKeyOf(key));
  if (column === undefined || column.inherited || typeof column.properties.default !== 'string') return [];
  const isNew = [column.key, ...column.within].some(item => created.has(item));
  const waits =
    isNew && [...expected.needs(key)].some(need => need !== column.key && !column.within.includes(need));
  const again = !isNew && (rebuilds.keys.has(key) || changed.get(column.key)?.has('default') === true);
  const set = waits || again ? [defaultStep(column)] : [];
  return [...set, ...afterDefault(column, expected, item => created.has(item))];
}

/** ENABLE TRIGGER ALL also enables those that are expected to be off. */
function triggersOffAgain(
  { comparison }: Plan,
  object: SchemaObject,
  properties: ReadonlySet<string>,
): Step[] {
  if (object.type !== 'constraint' || !properties.has('triggers')) return [];
  const [table = ''] = object.within;
  return [...comparison.expected.neededBy(table)]
    .flatMap(key => comparison.expected.objects.get(key) ?? [])
    .filter(
      item => item.type === 'trigger' && item.within.includes(table) && item.properties.enabled !== 'origin',
    )
    .map(triggerStateStep);
}

/** An index that is made again has lost that its table is clustered on it, or identified by it. */
function lateSteps({ comparison, created, changed }: Plan, key: string): Step[] {
  if (kindOf(key) !== 'table') return [];
  const table = comparison.expected.objects.get(key);
  if (table === undefined) return [];
  const isSet = (property: string): boolean => {
    const value = table.properties[property];
    return value !== undefined && value !== null && value !== 'default';
  };
  const madeAgain = [...created].some(
    item =>
      ['index', 'constraint'].includes(kindOf(item)) &&
      comparison.expected.objects.get(item)?.within.includes(key) === true,
  );
  return lateTableSteps(
    table,
    property =>
      changed.get(key)?.has(property) === true || ((created.has(key) || madeAgain) && isSet(property)),
  );
}
