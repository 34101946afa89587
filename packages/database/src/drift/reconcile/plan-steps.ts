import type { Comparison } from '../diff/diff-catalogs.ts';
import type { SchemaObject } from '../objects/schema-object.ts';
import { alterObject } from './alter-object.ts';
import { defaultStep } from './column-steps.ts';
import { afterDefault, createObject, identitySequence } from './create-object.ts';
import { dropSteps } from './drop-steps.ts';
import { findRebuilds, type Rebuilds } from './find-rebuilds.ts';
import { renameStep } from './rename-steps.ts';
import { triggerStateStep } from './schema-steps.ts';
import { columnKeyOf, kindOf, sortObjects } from './sort-objects.ts';
import type { PlanContext, Step } from './step.ts';
import { lateTableSteps } from './table-steps.ts';
import { replaceEnum } from './type-steps.ts';

interface Plan {
  readonly comparison: Comparison;
  readonly rebuilds: Rebuilds;
  /** Keys that the script makes, whether they were missing or dropped before. */
  readonly created: ReadonlySet<string>;
  readonly changed: ReadonlyMap<string, ReadonlySet<string>>;
}

/**
 * Everything that has to be done, in an order in which it can be done: names first, then drops from the outside in, then
 * creations and changes from the inside out, then what refers to indexes.
 */
export function planSteps(comparison: Comparison): Step[] {
  const rebuilds = findRebuilds(comparison);
  const missing = comparison.raw.filter(({ kind }) => kind === 'missing').map(({ key }) => key);
  const plan: Plan = {
    comparison,
    rebuilds,
    created: new Set([...missing, ...rebuilds.keys]),
    changed: changedProperties(comparison),
  };
  const order = sortObjects(comparison.expected);
  return [
    ...comparison.renames.map(renameStep),
    ...bodiesUnchecked(plan),
    ...dropSteps(comparison, rebuilds),
    ...order.flatMap(key => (kindOf(key) === 'default' ? defaultSteps(plan, key) : objectSteps(plan, key))),
    ...order.flatMap(key => lateSteps(plan, key)),
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
    return inNewTable ? [] : createObject(context, expected).map(step => withoutAllowance(step, context));
  }
  const properties = alteredHere(plan, object, changed.get(key));
  if (properties === undefined) return [];
  if (
    object.inherited &&
    !['index', 'constraint'].includes(object.type) &&
    followsParent(plan, object, properties)
  )
    return [];
  if (object.inherited && ['index', 'constraint', 'trigger'].includes(object.type)) return [];
  if (rebuilds.enums.has(key)) return replaceEnum(object, columnsOf(plan, key));
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
  };
}

/** A default is set when what it needs is there; a partition has the identity of its parent. */
function alteredHere(
  { comparison }: Plan,
  object: SchemaObject,
  changed: ReadonlySet<string> | undefined,
): ReadonlySet<string> | undefined {
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

function columnsOf({ comparison, created }: Plan, type: string): SchemaObject[] {
  const { expected } = comparison;
  return [...expected.neededBy(type)]
    .filter(key => kindOf(key) === 'column' && !created.has(key))
    .flatMap(key => expected.objects.get(key) ?? [])
    .filter(column => !column.inherited && !column.within.some(table => created.has(table)));
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
