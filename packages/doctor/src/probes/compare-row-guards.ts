import { type CatalogPair, type Difference, displayName, reconcilePart } from '@holdfast/database/drift';
import type { Catalog, CatalogTrigger } from '@holdfast/postgres';
import type { Sightings } from '../sightings.ts';

type CatalogSighting = Sightings['schema.catalog'];

/** Tables that show other rows, or take other ones, than they are expected to: row level security and its policies. */
export function changedRowSecurity(
  pair: CatalogPair,
  differences: readonly Difference[],
): CatalogSighting['changedRowSecurity'] {
  const guarded = new Set(
    [...pair.expected.tables, ...pair.live.tables]
      .filter(({ rowSecurity }) => rowSecurity)
      .map(({ schema, name }) => displayName([schema, name])),
  );
  const relevant = differences.filter(item => isRowSecurity(item) && guarded.has(tableOf(item)));
  return [...Map.groupBy(relevant, tableOf)].map(([table, own]) => ({
    table: shorten(table),
    changes: own.map(item => changeOf(item, pair.live)),
    remedy: statementsFor(pair, item => isRowSecurity(item) && tableOf(item) === table),
  }));
}

/** What is about row level security of one table, as the doctor names it. */
export function isRowSecurityOf(table: string): (difference: Difference) => boolean {
  return difference => isRowSecurity(difference) && shorten(tableOf(difference)) === table;
}

function isRowSecurity({ kind, type, property }: Difference): boolean {
  if (type === 'policy') return property !== 'comment';
  const isTable = type === 'table' && kind === 'changed';
  return isTable && (property === 'row level security' || property === 'force row level security');
}

/** Of a policy the table that it is of. */
function tableOf({ type, name }: Difference): string {
  return type === 'policy' ? name.replace(/\.(?:"(?:[^"]|"")+"|[^."]+)$/, '') : name;
}

function changeOf({ kind, type, name, property, live }: Difference, catalog: Catalog): string {
  if (type === 'policy') {
    const policy = name.slice(tableOf({ type, name } as Difference).length + 1);
    if (kind === 'missing') return `the policy ${policy} is gone`;
    return kind === 'unexpected'
      ? `the policy ${policy} was added`
      : `the policy ${policy} is another one: its ${property}`;
  }
  const on = live === true;
  if (property === 'force row level security')
    return on ? 'it holds for the owner as well now' : 'it does not hold for the owner any more';
  if (!on) return 'it was switched off: every row is seen';
  const policies = (catalog.policies ?? []).filter(item => displayName([item.schema, item.table]) === name);
  const whose = policies.map(({ name: policy, roles }) => `${policy} for ${roles.join(', ')}`);
  return policies.length === 0
    ? 'it was switched on without a policy: no row is seen, and none is taken, except by the owner'
    : `it was switched on, with the policies ${whose.join('; ')}`;
}

/**
 * Triggers that refuse rows or drop them without a word, and are not the expected ones; and those with another definition than
 * expected. One that was added and does neither is no trouble.
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
    if (trigger.internal || trigger.inherited === true || trigger.enabled === 'disabled') return [];
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
  return now === undefined || then !== undefined ? undefined : `has another function: it ${now}`;
}

/** What is about a trigger that was changed: its definition, or the function that it calls. */
export function isChangeOf(trigger: CatalogTrigger, live: Catalog): (difference: Difference) => boolean {
  return difference => difference.kind === 'changed' && isPartOf(difference, trigger, live);
}

/** What a trigger does to statements, as far as its function says so. */
function interferenceOf(trigger: CatalogTrigger, catalog: Catalog): string | undefined {
  const body = functionOf(trigger, catalog)?.definition?.replaceAll(/--.*$|\/\*[\s\S]*?\*\//gm, '');
  if (body === undefined) return undefined;
  if (/\braise\s+(?!(?:notice|warning|info|log|debug)\b)[a-z'"]/i.test(body))
    return 'raises an error: statements are refused';
  const before = /^CREATE (?:CONSTRAINT )?TRIGGER .*? (?:BEFORE|INSTEAD OF) .* FOR EACH ROW /s;
  return before.test(trigger.definition) && /\breturn\s+null\b/i.test(body)
    ? 'returns null: rows are dropped without a word'
    : undefined;
}

function functionOf(
  { definition }: CatalogTrigger,
  { functions }: Catalog,
): Catalog['functions'][number] | undefined {
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
  return (
    type === 'function' && called !== undefined && name === `${displayName([called.schema, called.name])}()`
  );
}

function nameOf({ schema, table, name }: CatalogTrigger): string {
  return displayName([schema, table, name]);
}

function statementsFor(pair: CatalogPair, isWanted: (difference: Difference) => boolean): string[] {
  const { statements } = reconcilePart(pair, isWanted, { allowDestructive: true });
  return statements.map(statement => `${statement};`);
}

function shorten(name: string): string {
  return name.replace(/^public\./, '');
}
