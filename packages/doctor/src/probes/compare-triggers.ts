import { type CatalogPair, type Difference, displayName } from '@holdfast/database/drift';
import type { Catalog, CatalogTrigger } from '@holdfast/postgres';
import type { Sightings } from '../sightings.ts';
import { shorten, statementsFor } from './reconciling-statements.ts';

type CatalogSighting = Sightings['schema.catalog'];
type CatalogFunction = Catalog['functions'][number];

/**
 * Triggers that refuse rows or drop them without a word, and are not the expected ones; those that do nothing any more; and those
 * with another definition than expected. One that was added and does neither is no trouble.
 */
export function interferingTriggers(
  pair: CatalogPair,
  differences: readonly Difference[],
): CatalogSighting['interferingTriggers'] {
  const { expected, live } = pair;
  const renamed = new Set(
    differences
      .filter(({ type, property }) => type === 'trigger' && property === 'name')
      .map(({ live: name }) => String(name)),
  );
  return live.triggers.flatMap(trigger => {
    if (!isActive(trigger)) return [];
    const before = expected.triggers.find(item => nameOf(item) === nameOf(trigger));
    if (before === undefined && renamed.has(trigger.name)) return [];
    const problem = problemOf(trigger, before, pair);
    if (problem === undefined) return [];
    const remedy =
      before === undefined
        ? [`drop trigger ${displayName([trigger.name])} on ${displayName([trigger.schema, trigger.table])};`]
        : statementsFor(pair, item => isPartOf(item, trigger, live));
    return [{ trigger: shorten(nameOf(trigger)), problem, remedy }];
  });
}

/** One of somebody's own that runs; of a partitioned table the one that was made. */
function isActive({ internal, inherited, enabled }: CatalogTrigger): boolean {
  return !internal && inherited !== true && enabled !== 'disabled';
}

function problemOf(
  trigger: CatalogTrigger,
  before: CatalogTrigger | undefined,
  { expected, live }: CatalogPair,
): string | undefined {
  const now = interferenceOf(trigger, live);
  if (before === undefined) return now === undefined ? undefined : `was added, and its function ${now}`;
  if (before.definition !== trigger.definition && expected.serverVersion === live.serverVersion)
    return `is another one than expected: ${trigger.definition}`;
  const then = interferenceOf(before, expected);
  if (now !== undefined && then === undefined) return `runs a changed function, which ${now}`;
  const called = functionOf(trigger, live);
  if (called === undefined || !isEmpty(called) || isEmpty(functionOf(before, expected) ?? called))
    return undefined;
  return `does nothing any more: its function ${shorten(signatureOf(called))} was changed and returns at once`;
}

/** Functions with another body that triggers call, other than those of the interfering triggers. */
export function changedTriggerFunctions(
  pair: CatalogPair,
  differences: readonly Difference[],
): CatalogSighting['changedTriggerFunctions'] {
  const { expected, live } = pair;
  const interfering = new Set(interferingTriggers(pair, differences).map(({ trigger }) => trigger));
  return differences.filter(isOtherBody).flatMap(({ name }) => {
    const triggers = live.triggers.filter(trigger => {
      const called = isActive(trigger) ? functionOf(trigger, live) : undefined;
      const wasThere = expected.triggers.some(item => nameOf(item) === nameOf(trigger));
      return wasThere && called !== undefined && signatureOf(called) === name;
    });
    const names = triggers.map(trigger => shorten(nameOf(trigger)));
    if (names.length === 0 || names.some(trigger => interfering.has(trigger))) return [];
    return [{ function: shorten(name), triggers: names }];
  });
}

function isOtherBody({ kind, type, property }: Difference): boolean {
  return kind === 'changed' && type === 'function' && property === 'definition';
}

/** What is about a trigger that was changed: its definition, or the function that it calls. */
export function isChangeOf(trigger: CatalogTrigger, live: Catalog): (difference: Difference) => boolean {
  return difference => difference.kind === 'changed' && isPartOf(difference, trigger, live);
}

/** What a trigger does to statements, as far as its function says so. */
function interferenceOf(trigger: CatalogTrigger, catalog: Catalog): string | undefined {
  const body = withoutComments(functionOf(trigger, catalog));
  if (body === undefined) return undefined;
  if (/\braise\s+(?!(?:notice|warning|info|log|debug)\b)[a-z'"]/i.test(body))
    return 'raises an error: statements are refused';
  const before = /^CREATE (?:CONSTRAINT )?TRIGGER .*? (?:BEFORE|INSTEAD OF) .* FOR EACH ROW /s;
  return before.test(trigger.definition) && /\breturn\s+null\b/i.test(body)
    ? 'returns null: rows are dropped without a word'
    : undefined;
}

function withoutComments(called: CatalogFunction | undefined): string | undefined {
  return called?.definition?.replaceAll(/--.*$|\/\*[\s\S]*?\*\//gm, '');
}

/** Whether it returns at once. */
function isEmpty(called: CatalogFunction): boolean {
  const body = withoutComments(called) ?? '';
  return /\$\s*begin\s+(?:null\s*;\s*)*return\s+(?:new|old|null)\s*;\s*end\s*;?\s*\$/i.test(body);
}

function functionOf({ definition }: CatalogTrigger, { functions }: Catalog): CatalogFunction | undefined {
  return functions.find(
    ({ schema, name, arguments: of }) =>
      of === '' && calledIn(definition, [displayName([schema, name]), displayName([name])]),
  );
}

function calledIn(definition: string, names: readonly string[]): boolean {
  return names.some(name => definition.includes(` EXECUTE FUNCTION ${name}(`));
}

function isPartOf({ type, name }: Difference, trigger: CatalogTrigger, live: Catalog): boolean {
  if (type === 'trigger') return name === nameOf(trigger);
  const called = functionOf(trigger, live);
  return type === 'function' && called !== undefined && name === signatureOf(called);
}

/** Functions of triggers have no arguments. */
function signatureOf({ schema, name }: CatalogFunction): string {
  return `${displayName([schema, name])}()`;
}

function nameOf({ schema, table, name }: CatalogTrigger): string {
  return displayName([schema, table, name]);
}
